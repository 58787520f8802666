/**
 * @file Faults of the RPC that can be switched on while it runs.
 */

export interface RpcFaults {
  /** Executions still to come whose answer is lost: executed, then the socket is reset. */
  dropRepliesLeft: number;
  /** How far behind the reads are, milliseconds. Executions are never behind. */
  lagMs: number;
  dropReply(count: number): void;
  setLagMs(lagMs: number): void;
}

export function createRpcFaults(): RpcFaults {
  return {
    dropRepliesLeft: 0,
    lagMs: 0,
    dropReply(count) {
      this.dropRepliesLeft = count;
    },
    setLagMs(lagMs) {
      this.lagMs = lagMs;
    },
  };
}

/** Whether the answer to this execution is to be lost; counts down. */
export function takeDroppedReply(faults: RpcFaults): boolean {
  if (faults.dropRepliesLeft <= 0) return false;
  faults.dropRepliesLeft -= 1;
  return true;
}
