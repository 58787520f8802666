/**
 * @file Everything a validator checks before it executes: package, ownership, versions, gas.
 *
 * What fails here is refused and costs nothing. Messages are a full node's.
 */
import type { Framework } from '../move/framework.ts';
import { coinLayout } from '../contracts/layouts.ts';
import { SUI_COIN, withDigest, type SuiObject } from '../move/object.ts';
import { parseMoveType, type MoveType } from '../move/types.ts';
import type { CheckedInput, CheckedTransaction } from './execute.ts';
import { coinBalance } from './finish.ts';
import { BUDGET_MIST_MAX, BUDGET_MIST_MIN, GAS_COINS_MAX, REFERENCE_GAS_PRICE } from './gas.ts';
import type { ObjectReader } from './objects.ts';
import { InputRefused } from './refusal.ts';
import type { ObjectRef, Transaction, TransactionInput } from './transaction.ts';

export interface CheckContext {
  readonly framework: Framework;
  readonly reader: ObjectReader;
  /** Who published a package, by address: a dependency of every call into it. */
  readonly packageTransactions: ReadonlyMap<string, string>;
  readonly suiEpoch: bigint;
  readonly chainIdentifier: string;
  /** Old versions, for simulations: a full node runs them on whatever version is named. */
  readonly oldVersion?: (id: string, version: bigint) => SuiObject | undefined;
}

/** Check and load. Throws InputRefused. */
export function checkTransaction(
  transaction: Transaction,
  digest: string,
  context: CheckContext,
): CheckedTransaction {
  checkExpiration(transaction, context);
  checkGasOffer(transaction);
  const inputs = transaction.inputs.map((input) => checkInput(input, transaction.sender, context));
  const gasCoins = checkGasCoins(transaction, context);
  return {
    transaction,
    digest,
    inputs,
    gasCoins,
    packageTransactions: checkPackages(transaction, context),
  };
}

/** As checkTransaction, with a coin of no one that pays for everything. For simulations. */
export function checkWithoutGas(
  transaction: Transaction,
  digest: string,
  context: CheckContext,
): CheckedTransaction {
  return {
    transaction,
    digest,
    inputs: transaction.inputs.map((input) => checkInput(input, transaction.sender, context)),
    gasCoins: [simulationCoin(transaction.gas.owner)],
    packageTransactions: checkPackages(transaction, context),
  };
}

const SIMULATION_COIN_ID = `0x${'ff'.repeat(32)}`;
const SIMULATION_COIN_MIST = 1_000_000_000_000_000_000n;

function simulationCoin(owner: string): SuiObject {
  return withDigest({
    id: SIMULATION_COIN_ID,
    version: 1n,
    type: SUI_COIN,
    owner: { kind: 'address', address: owner },
    hasPublicTransfer: true,
    contents: coinLayout
      .serialize({ id: SIMULATION_COIN_ID, balance: SIMULATION_COIN_MIST })
      .toBytes(),
    previousTransaction: '11111111111111111111111111111111',
    storageRebate: 0n,
  });
}

function checkExpiration({ expiration }: Transaction, context: CheckContext): void {
  const { suiEpoch, chainIdentifier } = context;
  if (expiration.kind === 'epoch' && suiEpoch > expiration.epoch) {
    throw new InputRefused('expired', 'Transaction Expired');
  }
  if (expiration.kind !== 'valid-during') return;
  const { minEpoch, maxEpoch, chain } = expiration;
  if (chain !== chainIdentifier) {
    throw new InputRefused(
      'expired',
      `Invalid chain ID in transaction expiration: provided ${chain}, expected ${chainIdentifier}`,
    );
  }
  if ((maxEpoch !== undefined && suiEpoch > maxEpoch) || suiEpoch < (minEpoch ?? 0n)) {
    throw new InputRefused('expired', 'Transaction Expired');
  }
}

function checkGasOffer({ gas }: Transaction): void {
  if (gas.price < REFERENCE_GAS_PRICE) {
    throw new InputRefused(
      'gas',
      `Gas price ${String(gas.price)} under reference gas price (RGP) ${String(REFERENCE_GAS_PRICE)}`,
    );
  }
  if (gas.budget > BUDGET_MIST_MAX) {
    throw new InputRefused(
      'gas',
      `Gas budget: ${String(gas.budget)} is higher than max: ${String(BUDGET_MIST_MAX)}`,
    );
  }
  if (gas.budget < BUDGET_MIST_MIN) {
    throw new InputRefused(
      'gas',
      `Gas budget: ${String(gas.budget)} is lower than min: ${String(BUDGET_MIST_MIN)}`,
    );
  }
}

function checkGasCoins({ gas }: Transaction, context: CheckContext): SuiObject[] {
  if (gas.payment.length === 0) throw new InputRefused('gas', 'Gas payment is missing');
  if (gas.payment.length > GAS_COINS_MAX) {
    throw new InputRefused('gas', `more than ${String(GAS_COINS_MAX)} gas coins`);
  }
  const coins = gas.payment.map((ref) => {
    const coin = checkOwned(ref, gas.owner, context);
    if (coin.type === SUI_COIN) return coin;
    throw new InputRefused('gas', `Gas object is not an owned object with owner: ${coin.id}`);
  });
  const total = coins.reduce((sum, coin) => sum + coinBalance(coin), 0n);
  if (total < gas.budget) {
    throw new InputRefused(
      'gas',
      `Balance of gas object ${String(total)} is lower than the needed amount: ${String(gas.budget)}`,
      `GasBalanceTooLow { gas_balance: ${String(total)}, needed_gas_amount: ${String(gas.budget)} }`,
    );
  }
  return coins;
}

function checkInput(input: TransactionInput, sender: string, context: CheckContext): CheckedInput {
  switch (input.kind) {
    case 'pure':
      return input;
    case 'owned': {
      const object = checkOwned(input.ref, sender, context);
      const isFrozen = object.owner.kind === 'immutable';
      return { kind: 'object', object, access: isFrozen ? 'read-only' : 'owned' };
    }
    case 'shared': {
      const object = find(input.objectId, undefined, context.reader);
      const { owner } = object;
      if (owner.kind !== 'shared' || owner.initialVersion !== input.initialVersion) {
        throw new InputRefused(
          'shared-mismatch',
          `Shared object ${object.id} has another initial version`,
        );
      }
      return {
        kind: 'object',
        object,
        access: input.isMutable ? 'shared-mutable' : 'read-only',
      };
    }
  }
}

function checkOwned(ref: ObjectRef, signer: string, context: CheckContext): SuiObject {
  const object =
    context.oldVersion?.(ref.objectId, ref.version) ??
    find(ref.objectId, ref.version, context.reader);
  const { owner } = object;
  if (owner.kind === 'shared') {
    throw new InputRefused('shared-mismatch', `object ${object.id} is shared`);
  }
  if (owner.kind === 'object') {
    throw new InputRefused(
      'not-owner',
      `Objects owned by other objects cannot be used as input arguments: Object ${object.id} is owned by object ${owner.address}`,
    );
  }
  if (object.version !== ref.version || object.digest !== ref.digest) {
    throw new InputRefused(
      'version-stale',
      `Object ID ${ref.objectId} Version ${hex(ref.version)} Digest ${ref.digest} is not available for consumption, current version: ${hex(object.version)}`,
    );
  }
  if (owner.kind === 'address' && owner.address !== signer) {
    const reason = `Object ${object.id} is owned by account address ${owner.address}, but given owner/signer address is ${signer}`;
    throw new InputRefused(
      'not-owner',
      `Transaction was not signed by the correct sender: ${reason}`,
      `IncorrectUserSignature { error: "${reason}" }`,
    );
  }
  return object;
}

const hex = (version: bigint): string => `0x${version.toString(16)}`;

function find(id: string, version: bigint | undefined, reader: ObjectReader): SuiObject {
  const object = reader.get(id);
  if (object !== undefined) return object;
  const tombstone = reader.tombstone(id);
  const at = version === undefined ? 'None' : `Some(SequenceNumber(${String(version)}))`;
  throw new InputRefused(
    tombstone === undefined ? 'object-missing' : 'object-deleted',
    `Could not find the referenced object ${id} at version ${at}`,
  );
}

/** The packages named by calls and their type arguments must exist. */
function checkPackages(transaction: Transaction, context: CheckContext): string[] {
  const addresses = new Set<string>();
  for (const command of transaction.commands) {
    if (command.kind === 'make-move-vector' && command.type !== undefined) {
      addTypeAddresses(parseType(command.type), addresses);
    }
    if (command.kind !== 'move-call') continue;
    addresses.add(command.package);
    for (const text of command.typeArguments) addTypeAddresses(parseType(text), addresses);
  }
  return [...addresses].map((address) => {
    if (!context.framework.hasPackage(address)) {
      throw new InputRefused(
        'package-missing',
        `Dependent package not found on-chain: "${address}"`,
      );
    }
    return context.packageTransactions.get(address) ?? '';
  });
}

function parseType(text: string): MoveType {
  try {
    return parseMoveType(text);
  } catch (error) {
    throw new InputRefused('malformed', String(error));
  }
}

function addTypeAddresses(type: MoveType, addresses: Set<string>): void {
  if (type.kind === 'vector') addTypeAddresses(type.element, addresses);
  if (type.kind !== 'struct') return;
  addresses.add(type.address);
  for (const argument of type.typeArguments) addTypeAddresses(argument, addresses);
}
