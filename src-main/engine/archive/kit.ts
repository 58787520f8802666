/**
 * @file The recovery kit: a plain text that a person can print, and that reads back.
 *
 * Holds the words and what helps to find and to judge the vault: network, chain, vault, the
 * network's root objects, and the newest state that was seen. Nothing in it goes stale when
 * endpoints or packages change. The words alone are enough; the rest tells a rolled-back view.
 */
import { EngineError } from '#engine/model/engine-error.ts';
import { parseObjectId, type ObjectId, type VaultId } from '#engine/model/ids.ts';
import type { ArchiveCodec } from './archive-codec.ts';
import { toHex } from './encoding.ts';

export interface RecoveryKit {
  /** 24 words. Whether they are valid is for the codec to say. */
  readonly words: readonly string[];
  readonly networkName: string;
  /** Canonical: the first four bytes of the genesis checkpoint's digest, as hex. */
  readonly chainIdentifier: string;
  readonly vaultId: VaultId;
  readonly systemObjectId: ObjectId;
  readonly stakingObjectId: ObjectId;
  /** The newest head that the device had seen when it wrote the kit. */
  readonly lastSeen:
    | { readonly account: string; readonly sequence: number; readonly checkpoint: string }
    | undefined;
  /** `YYYY-MM-DD`. */
  readonly writtenOn: string;
}

export const KIT_WORD_COUNT = 24;
/** A kit is one page. */
export const KIT_BYTES_MAX = 64 * 1024;
const TITLE = 'FLOE RECOVERY KIT';
const KIT_VERSION = '1';
const WORDS_PER_LINE = 4;

const LABEL = {
  version: 'Kit version',
  network: 'Network',
  chain: 'Chain',
  vault: 'Vault',
  system: 'Walrus system object',
  staking: 'Walrus staking object',
  account: 'Last seen account',
  sequence: 'Last seen sequence',
  checkpoint: 'Last seen checkpoint',
  written: 'Written on',
  check: 'Check',
} as const;

/** The text of a kit. */
export function writeKit(kit: RecoveryKit, codec: Pick<ArchiveCodec, 'blake3'>): string {
  const lines = [
    TITLE,
    '',
    'These 24 words are everything that is needed to get the folders of this vault back,',
    'and everything that somebody else needs to read or to delete them. Keep this page where',
    'nobody else looks. Floe asks for the words when it restores on a new machine. Never type',
    'them into anything else: no web page, no wallet, no chat, no matter who asks.',
    '',
    'Words',
    ...wordLines(kit.words),
    '',
    ...factsOf(kit).map(([label, value]) => `${label}: ${value}`),
    `${LABEL.check}: ${checkOf(kit, codec)}`,
    '',
    'To restore: install Floe on any machine, then run',
    '    floe init --network NETWORK --words-file THIS-FILE',
    '    floe folders',
    '    floe restore FOLDER --to DIRECTORY',
    'The folders can be restored as long as their storage is paid for; `floe status` names the',
    'date. The format is open: docs/format.md describes every byte.',
    '',
  ];
  return lines.join('\n');
}

/**
 * Read a kit back, however its lines were wrapped or its line ends changed.
 *
 * Throws `words-invalid` with what is missing or was changed. The words themselves are checked by
 * the codec.
 */
export function readKit(text: string, codec: Pick<ArchiveCodec, 'blake3'>): RecoveryKit {
  if (text.length > KIT_BYTES_MAX || !text.includes(TITLE)) {
    throw invalid('the file is not a recovery kit');
  }
  const facts = new Map<string, string>();
  for (const line of text.split(/\r\n|\r|\n/)) {
    const match = /^\s*([A-Z][A-Za-z ]*?):\s*(\S.*?)\s*$/.exec(line);
    if (match?.[1] && match[2]) facts.set(match[1], match[2]);
  }
  const fact = (label: string): string => {
    const value = facts.get(label);
    if (value === undefined) throw invalid(`the recovery kit has no line "${label}"`);
    return value;
  };
  if (fact(LABEL.version) !== KIT_VERSION) {
    throw new EngineError('format-unknown', 'the recovery kit was written by a newer release');
  }
  const kit: RecoveryKit = {
    words: readWords(text),
    networkName: fact(LABEL.network),
    chainIdentifier: fact(LABEL.chain),
    vaultId: fact(LABEL.vault) as VaultId,
    systemObjectId: readObjectId(fact(LABEL.system)),
    stakingObjectId: readObjectId(fact(LABEL.staking)),
    lastSeen: facts.has(LABEL.sequence)
      ? {
          account: fact(LABEL.account),
          sequence: Number(fact(LABEL.sequence)),
          checkpoint: fact(LABEL.checkpoint),
        }
      : undefined,
    writtenOn: fact(LABEL.written),
  };
  if (!/^[0-9a-f]{32}$/.test(kit.vaultId)) throw invalid('the vault in the recovery kit is no ID');
  if (fact(LABEL.check) !== checkOf(kit, codec)) {
    throw invalid('the recovery kit was changed or is damaged: its check does not match');
  }
  return kit;
}

/** Whether a text looks like a kit rather than bare words. */
export const isKit = (text: string): boolean => text.includes(TITLE);

function wordLines(words: readonly string[]): string[] {
  const width = Math.max(...words.map((word) => word.length));
  const cells = words.map(
    (word, index) => `${String(index + 1).padStart(2)}. ${word.padEnd(width)}`,
  );
  const lines: string[] = [];
  for (let start = 0; start < cells.length; start += WORDS_PER_LINE) {
    lines.push(
      `    ${cells
        .slice(start, start + WORDS_PER_LINE)
        .join('  ')
        .trimEnd()}`,
    );
  }
  return lines;
}

/** The numbered words, wherever the line breaks are. Each number once, from 1 to 24. */
function readWords(text: string): string[] {
  const words: string[] = [];
  for (const [, number, word] of text.matchAll(/(?<![\w.])(\d{1,2})\.\s+([a-z]+)(?![\w.])/g)) {
    if (Number(number) !== words.length + 1)
      throw invalid(`word ${String(number)} is out of order`);
    words.push(word ?? '');
  }
  if (words.length !== KIT_WORD_COUNT) {
    throw invalid(`the recovery kit has ${String(words.length)} of 24 words`);
  }
  return words;
}

function factsOf(kit: RecoveryKit): [string, string][] {
  const { lastSeen } = kit;
  return [
    [LABEL.version, KIT_VERSION],
    [LABEL.network, kit.networkName],
    [LABEL.chain, kit.chainIdentifier],
    [LABEL.vault, kit.vaultId],
    [LABEL.system, kit.systemObjectId],
    [LABEL.staking, kit.stakingObjectId],
    ...(lastSeen
      ? ([
          [LABEL.account, lastSeen.account],
          [LABEL.sequence, String(lastSeen.sequence)],
          [LABEL.checkpoint, lastSeen.checkpoint],
        ] satisfies [string, string][])
      : []),
    [LABEL.written, kit.writtenOn],
  ];
}

/** Eight hex digits that change when anything in the kit does. */
function checkOf(kit: RecoveryKit, codec: Pick<ArchiveCodec, 'blake3'>): string {
  const canonical = [...kit.words, ...factsOf(kit).flat()].join('\n');
  return toHex(codec.blake3(Buffer.from(canonical, 'utf8'))).slice(0, 8);
}

function readObjectId(text: string): ObjectId {
  try {
    return parseObjectId(text);
  } catch (cause) {
    throw invalid(`the recovery kit names an object that is no ID`, cause);
  }
}

function invalid(message: string, cause?: unknown): EngineError {
  return new EngineError('words-invalid', message, { cause });
}
