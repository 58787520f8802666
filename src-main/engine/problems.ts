/**
 * @file Failures as a person is told of them: what happened. What Floe does. What they can do.
 *
 * The code decides, and the context brings the figures: nothing is read out of a message. A code
 * that is not told here keeps its own message and next step.
 */
import type { FolderStatus } from '#contract/api.ts';
import { errorCodes, type ErrorCode, type SerializedError } from '#contract/errors.ts';
import { serializeError } from './model/engine-error.ts';
import { coinText } from './money-text.ts';

export type Problem = NonNullable<FolderStatus['problem']>;

type Context = SerializedError['context'];
type Sentences = Pick<Problem, 'message' | 'next'>;

const NOTHING_TO_DO = 'Nothing to do: it goes on by itself.';

const SENTENCES: Partial<Record<ErrorCode, (context: Context) => Sentences>> = {
  'quorum-missing': (context) => ({
    message: `${nodes(context)} answer, too many to store anything new. What is stored is safe, and Floe keeps trying.`,
    next: 'Nothing to do. If it lasts, check the connection of this computer.',
  }),
  'slivers-insufficient': (context) => ({
    message: `${nodes(context)} answer, too many to read this now. Nothing is lost, and Floe tries again.`,
    next: 'Wait a while. If it lasts, check the connection of this computer.',
  }),
  'relay-unreachable': (context) => ({
    message: `The upload relay does not answer.${instead(context)}`,
    next: withoutRelay(context),
  }),
  'relay-refused': (context) => ({
    message: `The upload relay does not take the data.${instead(context)}`,
    next: withoutRelay(context),
  }),
  'relay-invalid-answer': (context) => ({
    message: `The upload relay answered with something that does not hold. Floe believed none of it.${instead(context)}`,
    next: withoutRelay(context),
  }),
  'balance-low': (context) => ({
    message: `${lacking(context)} What is protected stays so until its date; what is new waits.`,
    next: `Send the missing amount to ${text(context, 'address', 'the address of the wallet')}.`,
  }),
  'cap-exceeded': (context) => ({
    message: `This would cost ${coins(context, 'amount')}, more than the ${coins(context, 'cap')} that you allow at once. Floe has paid nothing and looks again later.`,
    next: 'Wait until the price has fallen, or raise the cap under Storage.',
  }),
  'price-changed': () => ({
    message: 'The price changed while Floe was paying. Nothing was spent, and Floe asks again.',
    next: NOTHING_TO_DO,
  }),
  'price-risen': (context) => ({
    message: `This costs ${wal(context, 'amount')} by now, more than the ${wal(context, 'shown')} that you agreed to. Floe pays no more than that.`,
    next: 'Look at the price that it has now, and agree to that one.',
  }),
  'disk-full': () => ({
    message:
      'The disk of this computer is full. Nothing is lost, and Floe goes on as soon as there is room.',
    next: 'Free some space on the disk.',
  }),
  'too-many-open-files': () => ({
    message:
      'This computer lets Floe open no more files now. Nothing is lost, and Floe goes on later.',
    next: 'Close other programs. If it lasts, raise the limit of open files.',
  }),
  'folder-missing': (context) => ({
    message: `${MISSING[String(context['reason'])] ?? 'The folder is not there.'} Floe has deleted nothing and looks again.`,
    next: 'Connect the drive, or put the folder back. If it is gone for good, stop protecting it.',
  }),
  'folder-unreadable': () => ({
    message: 'Floe may not read the folder. What is stored stays as it is, and Floe tries again.',
    next: 'Give yourself the right to read it.',
  }),
  'mass-deletion': (context) => ({
    message: `${number(context, 'files')} files vanished or shrank at once. Floe has stopped and deleted nothing.`,
    next: 'If it was on purpose, accept it with the next sync. Otherwise bring the files back.',
  }),
  'rpc-unreachable': () => ({
    message:
      'The network does not answer. What is stored is safe; nothing new is stored until it does, and Floe keeps trying.',
    next: 'Check the connection of this computer.',
  }),
  'rpc-disagreement': () => ({
    message:
      'Two servers of the network tell different things. Floe believes neither and asks again.',
    next: 'Wait. If it lasts, replace one of them in the network file.',
  }),
  'clock-skewed': (context) => ({
    message: `The clock of this computer is ${duration(context)} ${text(context, 'direction', 'off')}. Floe goes on, but dates may be wrong.`,
    next: "Let the system set date and time by itself, in the system's settings.",
  }),
  'blob-expired': () => ({
    message:
      'The storage of a part of this folder has ended. Floe stores it again from this computer with the next sync.',
    next: 'Sync now, with the folder in its place.',
  }),
  'blob-not-certified': () => ({
    message: 'A part of this folder is not confirmed yet. Floe asks again with the next sync.',
    next: 'Sync now, or wait for the next sync.',
  }),
  'index-damaged': () => ({
    message:
      "Floe's own list of what it has stored is damaged or too old. What is stored is safe; Floe stores nothing new until the list is read back from the network.",
    next: 'Stop Floe and run `floe doctor --rebuild-index`.',
  }),
  'head-rolled-back': () => ({
    message:
      'The network shows an older state than this computer has published. Floe publishes nothing on top of it and asks again.',
    next: 'Wait. If it lasts, use another server in the network file.',
  }),
  'account-taken': () => ({
    message:
      'Another computer of yours uses the account that this one had taken. Floe has paid nothing and has chosen another account.',
    next: 'Start Floe again, and send funds to the address that it shows then.',
  }),
  'sync-overdue': () => ({
    message: 'The last success is longer ago than it should be. Floe tries again when it may.',
    next: 'Sync now. If Floe is paused, let it go on.',
  }),
};

const MISSING: Readonly<Record<string, string>> = {
  missing: 'The folder is not there any more.',
  'not-directory': 'Something else lies where the folder was.',
  unmounted: 'The folder is empty: its drive seems not to be connected.',
  empty: 'The folder held files and is empty now.',
};

/** What a person is told of a failure. */
export function plainProblem({ code, message, context }: SerializedError): Problem {
  const sentences = SENTENCES[code]?.(context);
  const { message: happened, next } = sentences ?? {
    message: sentence(message),
    next: errorCodes[code].next,
  };
  return { code, message: happened, next, context };
}

/** A failure in plain words, as it crosses a wire. */
export function problemOf(error: unknown): SerializedError {
  const serialized = serializeError(error);
  return { ...serialized, ...plainProblem(serialized) };
}

/** What a folder's row keeps of a failure. */
export const storedProblem = (error: unknown): string => {
  const { code, message, next, context } = serializeError(error);
  return JSON.stringify({ code, message, next, context } satisfies SerializedError);
};

/** What a row kept; earlier releases kept the code alone. */
export function recalledProblem(stored: string | undefined): SerializedError | undefined {
  if (stored === undefined) return undefined;
  if (stored.startsWith('{')) return JSON.parse(stored) as SerializedError;
  if (!Object.hasOwn(errorCodes, stored)) return undefined;
  const code = stored as ErrorCode;
  const message = `the last sync ended with ${code}`;
  return { code, message, next: errorCodes[code].next, context: {} };
}

/** Begins with a capital and ends with a full stop. */
export function sentence(message: string): string {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Said where the data went directly. */
const instead = ({ isDirect }: Context): string =>
  isDirect === undefined
    ? ' What is stored is safe; what is new waits.'
    : ' Floe has uploaded directly instead.';
const withoutRelay = ({ isDirect }: Context): string =>
  isDirect === undefined ? 'Let Floe choose the way, in the settings.' : NOTHING_TO_DO;

const text = (context: Context, key: string, otherwise: string): string =>
  String(context[key] ?? otherwise);

const number = (context: Context, key: string): string =>
  context[key] === undefined ? 'Many' : Number(context[key]).toLocaleString('en');

function nodes(context: Context): string {
  const failed = context['failedNodes'];
  if (failed === undefined) return 'Some storage nodes do not';
  return failed === 1 ? '1 storage node does not' : `${String(failed)} storage nodes do not`;
}

function lacking(context: Context): string {
  const held = context['walFrost'];
  const needed = context['neededFrost'];
  if (held === undefined || needed === undefined) return 'The wallet holds too little.';
  if (BigInt(held) >= BigInt(needed)) return 'The wallet holds too little SUI for fees.';
  return `The wallet holds ${coinText(BigInt(held))} WAL; this needs ${coinText(BigInt(needed))}.`;
}

/** In a cap's context amounts are in the smallest unit of whatever coin it is about. */
function coins(context: Context, key: string): string {
  const amount = context[key];
  return amount === undefined ? 'amount' : `${coinText(BigInt(amount))} coins`;
}

const wal = (context: Context, key: string): string =>
  context[key] === undefined ? 'amount' : `${coinText(BigInt(context[key]))} WAL`;

function duration(context: Context): string {
  const minutes = Math.round(Number(context['skewMs'] ?? 0) / 60_000);
  if (minutes < 120) return `${String(minutes)} minutes`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${String(hours)} hours` : `${String(Math.round(hours / 24))} days`;
}
