/** @file What was measured, as lines: medians, ratios, and whether each keeps to its aim. */
import type { BrowseResult } from './browse.ts';
import type { EncoderResult } from './encoder.ts';
import { median } from './measure.ts';
import type { Step } from './peers.ts';
import type { ShellResult } from './shell.ts';

const MIB = 1024 * 1024;

export const STEPS = ['protect', 'protectAgain', 'restore'] as const;
export type StepName = (typeof STEPS)[number];
export type Round = Readonly<Record<StepName, Step>>;

export interface Rounds {
  readonly floe: Round[];
  readonly restic: Round[];
}

const TITLES: Readonly<Record<StepName, string>> = {
  protect: 'first protect',
  protectAgain: 'unchanged',
  restore: 'restore',
};

/** The largest ratio of Floe to restic that is aimed for. */
const AIMS: Readonly<Record<StepName, { readonly cpu?: number; readonly wall?: number }>> = {
  protect: { cpu: 1.2, wall: 2 },
  protectAgain: { wall: 1 },
  restore: { wall: 1.2 },
};
/** How many times faster than the official encoder. */
const ENCODER_AIM = 10;
const MEMORY_AIMS_BYTES: Readonly<Record<number, number>> = { 100: 700 * MIB, 1000: 1100 * MIB };

/** What a person does not notice as waiting. */
const BROWSE_AIMS_MS = { open: 300, search: 200 } as const;

const TRAY_AIM_MS = 1500;
/** Of shell and engine together with the window closed. */
const IDLE_AIMS = { bytes: 300 * MIB, corePercent: 1 } as const;

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`.padStart(9);
const mebibytes = (bytes: number): string => `${(bytes / MIB).toFixed(0)} MiB`.padStart(8);

interface Medians {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly nodeCpuMs: number;
  readonly peakBytes: number;
}

function mediansOf(rounds: readonly Round[], step: StepName): Medians {
  const of = (value: (one: Step) => number): number =>
    median(rounds.map((round) => value(round[step])));
  return {
    wallMs: of((one) => one.wallMs),
    cpuMs: of((one) => one.cpuMs),
    nodeCpuMs: of((one) => one.nodeCpuMs),
    peakBytes: of((one) => one.peakBytes),
  };
}

/** One program's medians. */
export function peerLines(
  name: keyof Rounds,
  rounds: readonly Round[],
  totalBytes: number,
): string[] {
  return STEPS.map((step) => {
    const { wallMs, cpuMs, nodeCpuMs, peakBytes } = mediansOf(rounds, step);
    return [
      name.padEnd(7),
      TITLES[step].padEnd(14),
      `wall ${seconds(wallMs)}`,
      `cpu ${seconds(cpuMs)}`,
      `nodes' cpu ${name === 'floe' ? seconds(nodeCpuMs) : '-'.padStart(9)}`,
      `peak ${mebibytes(peakBytes)}`,
      step === 'protectAgain' ? '' : `${mebibytes((totalBytes / wallMs) * 1000)}/s`,
    ].join('  ');
  });
}

/** Floe against restic, with the aims. */
export function ratioLines({ floe, restic }: Rounds): string[] {
  return STEPS.flatMap((step) => {
    const ours = mediansOf(floe, step);
    const theirs = mediansOf(restic, step);
    const aims = AIMS[step];
    return [
      ratioLine(`${TITLES[step]}, engine cpu`, ours.cpuMs / theirs.cpuMs, aims.cpu),
      ratioLine(`${TITLES[step]}, wall`, ours.wallMs / theirs.wallMs, aims.wall),
    ];
  });
}

function ratioLine(what: string, ratio: number, aim: number | undefined): string {
  const judged = aim === undefined ? '' : `aim ${aim.toFixed(1)}  ${mark(ratio <= aim)}`;
  return `${what.padEnd(28)} ${ratio.toFixed(2).padStart(7)} times restic's  ${judged}`.trimEnd();
}

const mark = (isKept: boolean): string => (isKept ? 'kept' : 'MISSED');

export function encoderLine({ shards, sizeBytes, floeMs, wasmMs }: EncoderResult): string {
  const ratio = wasmMs / floeMs;
  const rate = (ms: number): string => `${((sizeBytes / MIB / ms) * 1000).toFixed(0)} MiB/s`;
  return [
    `${String(shards).padStart(4)} shards, ${String(sizeBytes / MIB)} MiB`,
    `floe ${rate(floeMs)}`,
    `wasm ${rate(wasmMs)}`,
    `${ratio.toFixed(1)} times as fast`,
    `aim ${String(ENCODER_AIM)}`,
    mark(ratio >= ENCODER_AIM),
  ].join('  ');
}

export function memoryLine(shards: number, sizeBytes: number, step: Step): string {
  const aim = MEMORY_AIMS_BYTES[shards] ?? Number.NaN;
  return [
    `${String(shards).padStart(4)} shards, ${String(sizeBytes / MIB).padStart(4)} MiB`,
    `peak ${mebibytes(step.peakBytes)}`,
    `aim ${mebibytes(aim)}`,
    mark(step.peakBytes <= aim),
    `(wall ${seconds(step.wallMs)}, cpu ${seconds(step.cpuMs)}, nodes' cpu ${seconds(step.nodeCpuMs)})`,
  ].join('  ');
}

export function browseLines({ files, firstMs, openMs, searchMs }: BrowseResult): string[] {
  const line = (what: string, ms: number, aimMs: number): string =>
    [
      `${files.toLocaleString('en')} files`,
      what.padEnd(32),
      `${ms.toFixed(0)} ms`.padStart(8),
      `aim ${String(aimMs)} ms`,
      mark(ms <= aimMs),
    ].join('  ');
  return [
    `${files.toLocaleString('en')} files  the first look, all of it read  ${seconds(firstMs)}`,
    line('a directory with half of them', openMs, BROWSE_AIMS_MS.open),
    line('a search through all', searchMs, BROWSE_AIMS_MS.search),
  ];
}

export function shellLines(result: ShellResult): string[] {
  const { files, trayMs, toldMs, idleSeconds, idleCpuMs, memory } = result;
  const start = (what: string, times: readonly number[]): string =>
    `${what.padEnd(44)} first ${seconds(times[0] ?? Number.NaN)}  median ${seconds(median(times))}`;
  const bytes = memory.reduce((sum, one) => sum + one.bytes, 0);
  const corePercent = idleCpuMs / (idleSeconds * 10);
  return [
    `${start('start to tray icon', trayMs)}  aim ${seconds(TRAY_AIM_MS)}  ${mark(median(trayMs) <= TRAY_AIM_MS)}`,
    start("start to the folder's state in the tray", toldMs),
    `idle, ${files.toLocaleString('en')} files watched: ${mebibytes(bytes)} in all  aim ${mebibytes(IDLE_AIMS.bytes)}  ${mark(bytes <= IDLE_AIMS.bytes)}`,
    ...memory.map((one) => `  ${one.name.padEnd(20)} ${mebibytes(one.bytes)}`),
    `idle for ${String(idleSeconds)} s: ${corePercent.toFixed(2)} % of a core  aim ${String(IDLE_AIMS.corePercent)} %  ${mark(corePercent <= IDLE_AIMS.corePercent)}`,
  ];
}
