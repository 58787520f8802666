/**
 * @file The last look at a transaction before it is signed.
 *
 * Works on the finished bytes, decoded anew, and knows nothing of how they were built: a bug, a
 * hostile library or a mutated plan above must not be able to spend or give away anything else
 * than what was quoted. Whatever is not explicitly allowed is refused:
 *
 * - sender and gas owner are the account, nothing but its own coins pays;
 * - objects: System, coins and what the plan names, for an exchange the one exchange object;
 * - commands: SplitCoins, MergeCoins, TransferObjects of results, and the Move functions listed
 *   for the kind, in exactly the packages named, no more often than planned;
 * - recipients: the account itself; another address only in a transfer, and only the one given, or
 *   for the tip of an upload relay, which is split off the gas coin and nothing else;
 * - amounts: what is split off is what was quoted, and within the caps.
 */
import { bcs } from '@mysten/sui/bcs';
import { TransactionDataBuilder } from '@mysten/sui/transactions';
import { normalizeStructTag, normalizeSuiAddress } from '@mysten/sui/utils';
import type { ErrorCode } from '#contract/errors.ts';
import { EngineError } from '#engine/model/engine-error.ts';
import {
  parseObjectId,
  type ObjectId,
  type SuiAddress,
  type TransactionDigest,
} from '#engine/model/ids.ts';
import type { ObjectRef } from '../rpc/chain-rpc.ts';
import type { Tip } from './tip.ts';

export type TransactionKind =
  'register' | 'certify' | 'extend' | 'share' | 'delete' | 'exchange' | 'transfer' | 'merge';

/** The most that one transaction may cost. */
export interface SpendingCaps {
  readonly walFrost: bigint;
  /** SUI that leaves the account on purpose, by exchange or transfer. */
  readonly suiMist: bigint;
  /** Gas budget: what execution may cost at worst. A tip comes out of it, too. */
  readonly gasMist: bigint;
  /** What an upload relay may get for one blob; nothing where this is absent. */
  readonly tipMist?: bigint | undefined;
  /** Which cap each of the two is, or what is left of it; for the message. */
  readonly of?: { readonly walFrost: string; readonly gasMist: string };
}

/** Caps that depend on what was spent: read for each transaction, in the account's turn. */
export type ReadCaps = (moment: {
  /** The storage network's. */
  readonly epoch: number;
  /** By the chain's clock where the endpoint tells it. Unix ms. */
  readonly atMs: number;
}) => SpendingCaps;

/** What a transaction is supposed to be. */
export interface PolicyContext {
  readonly kind: TransactionKind;
  readonly sender: SuiAddress;
  readonly systemObjectId: ObjectId;
  readonly callPackageId: ObjectId;
  /** The Walrus epoch. */
  readonly epoch: number;
  readonly walType: string;
  /** Set for an exchange only. */
  readonly exchange?: { readonly objectId: ObjectId; readonly packageId: ObjectId } | undefined;
  /** Set for a transfer only. */
  readonly recipient?: SuiAddress | undefined;
  /** Set for a registration that pays an upload relay. */
  readonly tip?: Tip | undefined;
  /** The coins of WAL that may pay. */
  readonly walCoins: readonly ObjectId[];
  /** Every other object that may be used, owned or shared; System needs no mention. */
  readonly objects: readonly ObjectId[];
  /** How often each Move function may be called, by its name. */
  readonly calls: Readonly<Record<string, number>>;
  /** Exactly what may be split off. */
  readonly quote: { readonly walFrost: bigint; readonly suiMist: bigint };
  readonly caps: SpendingCaps;
  /** The last Sui epoch in which it may execute; undefined where the network wants none. */
  readonly expiresAfterSuiEpoch: bigint | undefined;
}

export interface CheckedTransaction {
  readonly digest: TransactionDigest;
  readonly gasMistMax: bigint;
}

type TransactionV1 = NonNullable<ReturnType<typeof bcs.TransactionData.parse>['V1']>;
type Programmable = NonNullable<TransactionV1['kind']['ProgrammableTransaction']>;
type Command = Programmable['commands'][number];
type Argument = ReturnType<typeof bcs.Argument.parse>;
type CallArg = Programmable['inputs'][number];

/** Pure limits of Sui that would otherwise only show at the node. */
const TRANSACTION_BYTES_MAX = 128 * 1024;
const FRAMEWORK = normalizeSuiAddress('0x2');
const HEAD_TYPES: readonly string[] = ['u64', 'vector<u8>'];

/** Throws `transaction-not-allowed` or `cap-exceeded`. */
export function checkTransaction(bytes: Uint8Array, context: PolicyContext): CheckedTransaction {
  const transaction = decode(bytes);
  checkEnvelope(transaction, context);
  const program = transaction.kind.ProgrammableTransaction;
  if (!program) throw notAllowed('it is not a programmable transaction');
  const inputs = program.inputs.map((input) => readInput(input, context));
  checkGas(transaction, inputs, context);
  checkTip(inputs, context);
  const spent = { walFrost: 0n, suiMist: 0n };
  const check: Check = {
    inputs,
    context,
    spent,
    calls: new Map<string, number>(),
    cutOff: new Set<number>(),
    gasSplits: new Set<number>(),
  };
  program.commands.forEach((command, index) => checkCommand(command, index, check));
  checkSpending(spent, context);
  return {
    digest: TransactionDataBuilder.getDigestFromBytes(bytes) as TransactionDigest,
    gasMistMax: BigInt(transaction.gasData.budget),
  };
}

/** The owned objects that a transaction uses up, gas first, and when it expires. */
export function inspectTransaction(bytes: Uint8Array): {
  readonly digest: TransactionDigest;
  readonly ownedInputs: readonly ObjectRef[];
  readonly expiresAfterSuiEpoch: bigint | undefined;
} {
  const transaction = decode(bytes);
  const refs = [...transaction.gasData.payment];
  for (const input of transaction.kind.ProgrammableTransaction?.inputs ?? []) {
    if (input.Object?.ImmOrOwnedObject) refs.push(input.Object.ImmOrOwnedObject);
  }
  const { expiration } = transaction;
  return {
    digest: TransactionDataBuilder.getDigestFromBytes(bytes) as TransactionDigest,
    ownedInputs: refs.map(({ objectId, version, digest }) => ({
      objectId: parseObjectId(objectId),
      version: BigInt(version),
      digest,
    })),
    expiresAfterSuiEpoch: expiration.Epoch === undefined ? undefined : BigInt(expiration.Epoch),
  };
}

function decode(bytes: Uint8Array): TransactionV1 {
  try {
    const parsed = bcs.TransactionData.parse(bytes);
    const isCanonical = Buffer.from(bcs.TransactionData.serialize(parsed).toBytes()).equals(bytes);
    if (isCanonical && bytes.length <= TRANSACTION_BYTES_MAX) return parsed.V1;
  } catch (error) {
    throw notAllowed('its bytes are not a transaction', error);
  }
  throw notAllowed('its bytes are too long or not canonical');
}

function checkEnvelope(transaction: TransactionV1, context: PolicyContext): void {
  if (transaction.sender !== context.sender) throw notAllowed('another account is the sender');
  const { expiration } = transaction;
  const wanted = context.expiresAfterSuiEpoch;
  const isAsWanted =
    wanted === undefined
      ? expiration.$kind === 'None'
      : expiration.$kind === 'Epoch' && BigInt(expiration.Epoch) === wanted;
  if (!isAsWanted) throw notAllowed('its expiration is not the one this network wants');
}

function checkGas(
  transaction: TransactionV1,
  inputs: readonly Input[],
  context: PolicyContext,
): void {
  const { owner, payment, budget } = transaction.gasData;
  if (owner !== context.sender) throw notAllowed('another account is to pay the gas');
  // Without coins the gas would come out of the address balance.
  if (payment.length === 0) throw notAllowed('no coin pays the gas');
  const used = new Set(inputs.flatMap((input) => (input.kind === 'owned' ? [input.objectId] : [])));
  if (payment.some(({ objectId }) => used.has(parseObjectId(objectId)))) {
    throw notAllowed('a gas coin is also an input');
  }
  const mist = BigInt(budget) + (context.tip?.mist ?? 0n);
  if (mist > context.caps.gasMist) {
    throw overCap('gas', mist, context.caps.gasMist, context.caps.of?.gasMist);
  }
}

/** Only a registration pays one, with the package that ties it to its blob as the first input. */
function checkTip(inputs: readonly Input[], { kind, tip, caps }: PolicyContext): void {
  if (!tip) return;
  if (kind !== 'register') throw notAllowed(`a ${kind} transaction pays no tip`);
  const [first] = inputs;
  if (first?.kind !== 'pure' || !Buffer.from(tip.authPackage).equals(first.bytes)) {
    throw notAllowed('its tip is for something else than the blob');
  }
  const cap = caps.tipMist ?? 0n;
  if (tip.mist > cap) throw overCap('SUI', tip.mist, cap, 'the most that a tip may be');
}

/** An input, reduced to what the rules below ask. */
type Input =
  | { readonly kind: 'pure'; readonly bytes: Uint8Array }
  | { readonly kind: 'shared' }
  | { readonly kind: 'owned'; readonly objectId: ObjectId; readonly isWal: boolean };

function readInput(input: CallArg, context: PolicyContext): Input {
  if (input.Pure) return { kind: 'pure', bytes: Buffer.from(input.Pure.bytes, 'base64') };
  const owned = input.Object?.ImmOrOwnedObject;
  if (owned) {
    const objectId = parseObjectId(owned.objectId);
    const isWal = context.walCoins.includes(objectId);
    if (!isWal && !context.objects.includes(objectId)) {
      throw notAllowed(`it uses the object ${objectId}, which nobody asked for`);
    }
    return { kind: 'owned', objectId, isWal };
  }
  const shared = input.Object?.SharedObject;
  if (!shared) throw notAllowed('an input is neither a value, a shared nor an owned object');
  const sharedId = parseObjectId(shared.objectId);
  const isWanted =
    context.kind === 'exchange'
      ? sharedId === context.exchange?.objectId
      : sharedId === context.systemObjectId || context.objects.includes(sharedId);
  if (!isWanted) throw notAllowed(`it uses the shared object ${shared.objectId}`);
  return { kind: 'shared' };
}

interface Check {
  readonly inputs: readonly Input[];
  readonly context: PolicyContext;
  readonly spent: { walFrost: bigint; suiMist: bigint };
  /** Calls so far, by function. */
  readonly calls: Map<string, number>;
  /** Inputs of storage whose part from now on was cut off. */
  readonly cutOff: Set<number>;
  /** Commands that split the gas coin. */
  readonly gasSplits: Set<number>;
}

function checkCommand(command: Command, index: number, check: Check): void {
  switch (command.$kind) {
    case 'MoveCall':
      return checkMoveCall(command.MoveCall, check);
    case 'SplitCoins':
      return checkSplit(command.SplitCoins, index, check);
    case 'MergeCoins':
      return checkMerge(command.MergeCoins, check);
    case 'TransferObjects':
      return checkTransfer(command.TransferObjects, check);
    default:
      throw notAllowed(`it contains the command ${command.$kind}`);
  }
}

function checkMoveCall(call: NonNullable<Command['MoveCall']>, check: Check): void {
  const { context } = check;
  const target = `${normalizeSuiAddress(call.package)}::${call.module}::${call.function}`;
  const wanted = allowedCalls(context).get(target);
  if (!wanted) throw notAllowed(`a ${context.kind} transaction may not call ${target}`);
  const types = call.typeArguments.map(plainType);
  if (types.length !== wanted.length || types.some((type, index) => type !== wanted[index])) {
    throw notAllowed(`${target} is called with other type arguments`);
  }
  const count = (check.calls.get(call.function) ?? 0) + 1;
  check.calls.set(call.function, count);
  if (count > (context.calls[call.function] ?? 0)) {
    throw notAllowed(`it calls ${target} more often than planned`);
  }
  checkThrownAway(call, check);
  const isDestroyZero = target === `${FRAMEWORK}::coin::destroy_zero`;
  for (const argument of call.arguments) {
    if (argument.$kind === 'GasCoin') throw notAllowed('the gas coin is given away whole');
    const input = inputOf(argument, check);
    // A whole coin as payment could cost more than was quoted; destroy_zero takes only empty ones.
    if (input?.kind === 'owned' && input.isWal && !isDestroyZero) {
      throw notAllowed('a coin of WAL is given away whole');
    }
  }
}

/** Storage may be thrown away only when it is what has passed of a piece whose rest was cut off. */
function checkThrownAway(call: NonNullable<Command['MoveCall']>, check: Check): void {
  if (call.module !== 'storage_resource') return;
  const [argument] = call.arguments;
  const input = argument?.$kind === 'Input' ? argument.Input : undefined;
  if (call.function === 'split_by_epoch' && input !== undefined) {
    const epoch = call.arguments[1] && inputOf(call.arguments[1], check);
    const isPast =
      epoch?.kind === 'pure' &&
      epoch.bytes.length === 4 &&
      Buffer.from(epoch.bytes).readUInt32LE() <= check.context.epoch;
    if (isPast) check.cutOff.add(input);
  }
  if (call.function === 'destroy' && (input === undefined || !check.cutOff.has(input))) {
    throw notAllowed('storage that is paid for is thrown away');
  }
}

function checkSplit(split: NonNullable<Command['SplitCoins']>, index: number, check: Check): void {
  const { kind, tip } = check.context;
  const isGas = split.coin.$kind === 'GasCoin';
  const source = inputOf(split.coin, check);
  const isWal = source?.kind === 'owned' && source.isWal;
  if (!isGas && !isWal) throw notAllowed('it splits something that is no coin of ours');
  if (isGas && kind !== 'exchange' && kind !== 'transfer' && !tip) {
    throw notAllowed(`a ${kind} transaction may not split the gas coin`);
  }
  if (isGas) check.gasSplits.add(index);
  for (const amount of split.amounts) {
    const value = inputOf(amount, check);
    if (value?.kind !== 'pure' || value.bytes.length !== 8) {
      throw notAllowed('an amount is not a constant');
    }
    const units = Buffer.from(value.bytes).readBigUInt64LE();
    if (isGas) check.spent.suiMist += units;
    else check.spent.walFrost += units;
  }
}

function checkMerge(merge: NonNullable<Command['MergeCoins']>, check: Check): void {
  for (const argument of [merge.destination, ...merge.sources]) {
    const input = inputOf(argument, check);
    if (input?.kind !== 'owned' || !input.isWal) {
      throw notAllowed('it merges something that is no coin of ours');
    }
  }
}

function checkTransfer(transfer: NonNullable<Command['TransferObjects']>, check: Check): void {
  const { context } = check;
  const address = inputOf(transfer.address, check);
  if (address?.kind !== 'pure' || address.bytes.length !== 32) {
    throw notAllowed('a recipient is not a constant');
  }
  const recipient = `0x${Buffer.from(address.bytes).toString('hex')}`;
  if (recipient === context.tip?.recipient && recipient !== context.sender) {
    return checkTipCoins(transfer.objects, check);
  }
  const wanted = context.kind === 'transfer' ? context.recipient : context.sender;
  if (recipient !== wanted) throw notAllowed(`it sends something to ${recipient}`);
  for (const object of transfer.objects) {
    if (object.$kind !== 'Result' && object.$kind !== 'NestedResult') {
      throw notAllowed('it gives an object of ours away');
    }
  }
}

/** A relay gets what was split off the gas coin, whose sum is the tip, and nothing else. */
function checkTipCoins(objects: readonly Argument[], { gasSplits }: Check): void {
  for (const object of objects) {
    const command = object.$kind === 'NestedResult' ? object.NestedResult[0] : undefined;
    if (command === undefined || !gasSplits.has(command)) {
      throw notAllowed('it gives an upload relay something else than its tip');
    }
  }
}

function inputOf(argument: Argument, check: Check): Input | undefined {
  if (argument.$kind !== 'Input') return undefined;
  const input = check.inputs[argument.Input];
  if (!input) throw notAllowed('an argument names an input that is not there');
  return input;
}

/** The functions of a kind, each with the type arguments it must have. */
function allowedCalls(context: PolicyContext): ReadonlyMap<string, readonly string[]> {
  const system = (name: string) => `${context.callPackageId}::system::${name}`;
  const sharedBlob = (name: string) => `${context.callPackageId}::shared_blob::${name}`;
  const storage = (name: string) => `${context.callPackageId}::storage_resource::${name}`;
  const destroyZero: [string, readonly string[]] = [
    `${FRAMEWORK}::coin::destroy_zero`,
    [plainType(context.walType)],
  ];
  switch (context.kind) {
    case 'register':
      return new Map([
        [system('reserve_space'), []],
        [system('reserve_space_for_epochs'), []],
        [system('register_blob'), []],
        [storage('split_by_epoch'), []],
        [storage('split_by_size'), []],
        [storage('fuse_amount'), []],
        [storage('fuse_periods'), []],
        [storage('destroy'), []],
        destroyZero,
      ]);
    case 'certify':
      return new Map([
        [system('certify_blob'), []],
        [`${FRAMEWORK}::bag::new`, []],
        [`${FRAMEWORK}::bag::add`, HEAD_TYPES],
        [`${FRAMEWORK}::bag::remove`, HEAD_TYPES],
      ]);
    case 'extend':
      return new Map([
        [system('reserve_space_for_epochs'), []],
        [system('extend_blob_with_resource'), []],
        [sharedBlob('fund'), []],
        [sharedBlob('extend'), []],
        destroyZero,
      ]);
    case 'share':
      return new Map([[sharedBlob('new'), []]]);
    case 'delete':
      return new Map([[system('delete_blob'), []]]);
    case 'exchange':
      return new Map([
        [`${String(context.exchange?.packageId)}::wal_exchange::exchange_all_for_wal`, []],
      ]);
    case 'transfer':
      return new Map([destroyZero]);
    case 'merge':
      return new Map();
  }
}

function checkSpending(spent: Check['spent'], context: PolicyContext): void {
  const { quote, caps } = context;
  if (spent.walFrost !== quote.walFrost || spent.suiMist !== quote.suiMist) {
    throw notAllowed('it spends something else than was quoted');
  }
  // What a person sends away is named to the last unit, and to whom: that is its own cap.
  if (context.kind === 'transfer') return;
  // A tip has its own cap, and counts as gas.
  if (context.tip && spent.suiMist !== context.tip.mist) {
    throw notAllowed('it spends something else than the tip');
  }
  if (spent.walFrost > caps.walFrost) {
    throw overCap('WAL', spent.walFrost, caps.walFrost, caps.of?.walFrost);
  }
  if (!context.tip && spent.suiMist > caps.suiMist)
    throw overCap('SUI', spent.suiMist, caps.suiMist);
}

/** Type tags arrive with short or long addresses. */
function plainType(type: string): string {
  return type.includes('::') ? normalizeStructTag(type) : type;
}

function overCap(
  what: string,
  amount: bigint,
  cap: bigint,
  ofWhat = 'the cap of a transaction',
): EngineError {
  return policyError(
    'cap-exceeded',
    `it would cost ${String(amount)} of ${what} (smallest units), ${ofWhat} is ${String(cap)}`,
    { amount: String(amount), cap: String(cap) },
  );
}

function notAllowed(why: string, cause?: unknown): EngineError {
  return policyError('transaction-not-allowed', why, {}, cause);
}

function policyError(
  code: ErrorCode,
  why: string,
  context: EngineError['context'],
  cause?: unknown,
): EngineError {
  return new EngineError(code, `refused to sign a transaction: ${why}`, { context, cause });
}
