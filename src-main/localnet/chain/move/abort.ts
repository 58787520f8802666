/**
 * @file Failures of execution: what a transaction's effects say, in BCS and as text.
 */
import type { bcs } from '@mysten/sui/bcs';

/** A place where a contract aborts. Function and instruction are the compiled contract's. */
export interface AbortSite {
  /** With a package name: `walrus::blob`. */
  readonly module: string;
  readonly function: string;
  readonly code: bigint;
  /** Index of the function in its module; 0 where no release was observed. */
  readonly functionIndex: number;
  readonly instruction: number;
}

type EffectsV2 = Extract<typeof bcs.TransactionEffects.$inferInput, { V2: unknown }>['V2'];
/** The enum of sui-types `ExecutionFailureStatus`. */
export type FailureStatus = Extract<EffectsV2['status'], { Failure: unknown }>['Failure']['error'];

/** Thrown by contract code. The interpreter adds package and command. */
export class MoveAbort extends Error {
  override readonly name = 'MoveAbort';
  readonly site: AbortSite;

  constructor(site: AbortSite) {
    super(`${site.module}::${site.function} aborts with ${String(site.code)}`);
    this.site = site;
  }
}

export function abort(site: AbortSite): never {
  throw new MoveAbort(site);
}

/** Abort at `site` unless the condition holds. */
export function assertMove(condition: boolean, site: AbortSite): asserts condition {
  if (!condition) throw new MoveAbort(site);
}

/** Where a Move abort happened, with the package's real address. */
export interface AbortLocation {
  readonly address: string;
  readonly module: string;
  readonly function: string;
  readonly functionIndex: number;
  readonly instruction: number;
  readonly code: bigint;
}

/** Execution ended in failure: gas is charged, nothing else happens. */
export class ExecutionFailure extends Error {
  override readonly name = 'ExecutionFailure';
  /** As it goes into the effects. */
  readonly status: FailureStatus;
  /** As Rust's Debug prints the status. */
  readonly text: string;
  /** Undefined when no command is to blame. */
  readonly command: number | undefined;
  readonly abort: AbortLocation | undefined;

  constructor(
    status: FailureStatus,
    text: string,
    place: { readonly command?: number; readonly abort?: AbortLocation } = {},
  ) {
    super(text);
    this.status = status;
    this.text = text;
    this.command = place.command;
    this.abort = place.abort;
  }

  /** The status as JSON-RPC prints it. */
  get description(): string {
    const suffix = this.command === undefined ? '' : ` in command ${String(this.command)}`;
    return `${this.text}${suffix}`;
  }
}

/** The failure of a Move abort, printed the way a full node prints it. */
export function moveAbortFailure(location: AbortLocation, command: number): ExecutionFailure {
  const { address, module, functionIndex, instruction, code } = location;
  const text =
    `MoveAbort(MoveLocation { module: ModuleId { address: ${address.slice(2)}, ` +
    `name: Identifier("${module}") }, function: ${String(functionIndex)}, ` +
    `instruction: ${String(instruction)}, function_name: Some("${location.function}") }, ` +
    `${String(code)})`;
  const moveLocation = {
    module: { address, name: module },
    function: functionIndex,
    instruction,
    functionName: location.function,
  };
  return new ExecutionFailure({ MoveAbort: [moveLocation, code] }, text, {
    command,
    abort: location,
  });
}

/** Thrown where Move arithmetic overflows. */
export class MoveArithmeticError extends Error {
  override readonly name = 'MoveArithmeticError';
}
