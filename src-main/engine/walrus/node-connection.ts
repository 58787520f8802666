/**
 * @file One storage node: its sockets, what is under way to it, and what was seen of it.
 *
 * A request passes three doors: the node's own room (sockets, bytes), its gate (closed while it
 * hangs), and the room of all nodes together. What an answer means is told apart in
 * `node-answer.ts`; whether to ask again is decided in `retry.ts`.
 */
import type { Pool } from 'undici';
import type { StorageNode } from '#engine/model/walrus.ts';
import type { Clock } from '#engine/ports/ports.ts';
import { openAdmission, type Admission, type Permit } from './admission.ts';
import type { ExchangeWatch } from './exchange-watch.ts';
import { sendRequest, type Exchange, type ExchangeOutcome } from './http-exchange.ts';
import { loadUndici } from './load-undici.ts';
import { AVOIDED_RANK, KEEP_ALIVE_MS, type Limits } from './limits.ts';
import { NodeGate } from './node-gate.ts';
import { HealthRecord, type NodeHealth } from './node-health.ts';
import type { TransferRate } from './transfer-rate.ts';
import { nodeConnector, nodeOrigin, type NodeScheme, type NodeTrust } from './trust.ts';

export interface ConnectionSetting {
  readonly scheme: NodeScheme;
  readonly trust: NodeTrust;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly watch: ExchangeWatch;
  /** The bound on all nodes together. */
  readonly totalAdmission: Admission;
  readonly rate: TransferRate;
}

export class NodeConnection {
  readonly storageNode: StorageNode;
  /** Whether recovery symbols can be asked for; false once the node said that it has no such route. */
  offersRecoverySymbols = true;
  readonly #setting: ConnectionSetting;
  readonly #health: HealthRecord;
  readonly #gate: NodeGate;
  readonly #ownAdmission: Admission;
  readonly #pool: Pool | undefined;
  /** Requests that wait for their turn here and want to know if it may take long. */
  readonly #queued = new Set<Exchange>();

  constructor(storageNode: StorageNode, connectionCount: number, setting: ConnectionSetting) {
    this.storageNode = storageNode;
    this.#setting = setting;
    this.#health = new HealthRecord(setting.limits.avoidMs);
    this.#gate = new NodeGate(this.#health, setting.clock, () => {
      setting.totalAdmission.reconsider();
    });
    this.#ownAdmission = openAdmission({
      countMax: connectionCount,
      bytesMax: setting.limits.nodeInFlightBytesMax,
      asideBytesMax: 0,
    });
    this.#pool = openPool(storageNode, connectionCount, setting);
  }

  /** Send a request when it is its turn. Rejects only with the signal's reason. */
  async exchange(request: Exchange): Promise<ExchangeOutcome> {
    const { signal } = request;
    const bytes = (request.body?.sizeBytes ?? 0) + request.answerBytesExpected;
    this.#queued.add(request);
    if (this.#gate.isStalled) this.#tellQueued();
    let own: Permit | undefined;
    let total: Permit | undefined;
    try {
      own = await this.#ownAdmission.enter({ bytes, rank: request.rank, signal });
      total = await this.#setting.totalAdmission.enter({
        bytes,
        rank: request.rank + (this.isAvoided() ? AVOIDED_RANK : 0),
        signal,
        isReady: () => this.#gate.isOpen,
        onEnter: () => this.#gate.entered(),
      });
      this.#queued.delete(request);
      signal.throwIfAborted();
      return await this.#send(request, total);
    } finally {
      this.#queued.delete(request);
      total?.leave();
      if (total !== undefined) this.#gate.left();
      own?.leave();
    }
  }

  /** Whether others should be asked first. */
  isAvoided(): boolean {
    return this.#health.isAvoided(this.#setting.clock.monotonicMs());
  }

  /** Count an answer that was not true against the node. */
  reportFalseAnswer(message: string): void {
    const { clock } = this.#setting;
    this.#health.answeredFalsely(message, clock.monotonicMs(), clock.nowMs());
  }

  /** Nobody waits for its answer any more. */
  reportSilence(message: string): void {
    const { clock } = this.#setting;
    this.#health.failed(message, clock.monotonicMs(), clock.nowMs());
  }

  report(): NodeHealth {
    const { nodeId, name, networkAddress } = this.storageNode;
    const isAvoided = this.isAvoided();
    return { nodeId, name, networkAddress, ...this.#health.report(), isAvoided };
  }

  async close(): Promise<void> {
    await this.#pool?.destroy();
  }

  async #send(request: Exchange, total: Permit): Promise<ExchangeOutcome> {
    const { clock, limits, watch, totalAdmission, rate } = this.#setting;
    const pool = this.#pool;
    if (pool === undefined) {
      return { kind: 'failed', failure: 'unreachable', message: 'the on-chain address is invalid' };
    }
    const sentAtMs = clock.monotonicMs();
    if (totalAdmission.countInside === 1) rate.resumed();
    const patienceMs = limits.answerTimeoutMs + rate.patienceMs(totalAdmission.bytesInside);
    const deadlineAtMs = sentAtMs + patienceMs;
    let firstByteMs = 0;
    let isStalled = false;
    const observer = {
      onFirstByte: () => {
        firstByteMs = clock.monotonicMs() - sentAtMs;
        watch.observe(firstByteMs);
      },
      onStall: () => {
        isStalled = true;
        this.#gate.stalled();
        this.#health.stalled(clock.monotonicMs());
        total.setAside();
        request.onStall?.();
        this.#tellQueued();
      },
      onRecovery: () => {
        isStalled = false;
        this.#gate.recovered();
      },
    };
    try {
      const outcome = await sendRequest(request, { pool, clock, watch, deadlineAtMs, observer });
      this.#note(outcome, firstByteMs, request.body?.sizeBytes ?? 0);
      return outcome;
    } finally {
      if (isStalled) this.#gate.recovered();
    }
  }

  /** Those that wait behind a silent request are as late as it is. */
  #tellQueued(): void {
    const queued = [...this.#queued];
    this.#queued.clear();
    for (const request of queued) request.onStall?.();
  }

  #note(outcome: ExchangeOutcome, firstByteMs: number, sentBytes: number): void {
    const { clock, rate } = this.#setting;
    if (outcome.kind === 'answered') rate.transferred(sentBytes + outcome.body.length);
    else if (outcome.failure === 'timeout') rate.timedOut();
    if (outcome.kind === 'answered' && outcome.status < 500) {
      this.#health.succeeded(firstByteMs, clock.nowMs());
    } else if (outcome.kind === 'answered') {
      const message = `HTTP ${String(outcome.status)}`;
      this.#health.failed(message, clock.monotonicMs(), clock.nowMs());
    } else if (outcome.failure === 'swapped-certificate' || outcome.failure === 'oversized') {
      this.reportFalseAnswer(outcome.message);
    } else {
      this.#health.failed(outcome.message, clock.monotonicMs(), clock.nowMs());
    }
  }
}

/** The sockets to a node; undefined where its on-chain address is none. */
function openPool(
  storageNode: StorageNode,
  connectionCount: number,
  { scheme, trust, limits }: ConnectionSetting,
): Pool | undefined {
  const origin = nodeOrigin(scheme, storageNode.networkAddress);
  if (origin === undefined) return undefined;
  const { networkPublicKey } = storageNode;
  return new (loadUndici().Pool)(origin, {
    connections: connectionCount,
    // One request per socket at a time: a hung one never holds up others behind it.
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // The watch keeps time by the engine's clock; undici's own timers stay off.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: nodeConnector({ trust, networkPublicKey, timeoutMs: limits.connectTimeoutMs }),
  });
}
