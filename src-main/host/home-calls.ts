/**
 * @file Which part of a served home answers which call: the home itself, its engine, the homes
 * beside it, or, on the home's own socket only, the host. Every request is parsed by its schema first.
 */
import {
  homeMethods,
  hostMethods,
  isHomeMethod,
  isHostMethod,
  isMoveMethod,
  moveMethods,
} from '#contract/home-methods.ts';
import type { HomeApi, HostApi } from '#contract/home-api.ts';
import { isEngineMethod, methods } from '#contract/methods.ts';
import type { MoveApi } from '#contract/move-api.ts';
import { EngineError, hasCode } from '#engine/model/engine-error.ts';
import { callMethod, parseRequest } from './answers.ts';
import type { Answering } from './conversation.ts';
import type { Conditions } from './other-homes.ts';
import type { ServedHome } from './served-home.ts';

export interface HomeCallsOptions {
  readonly home: ServedHome;
  readonly homeApi: HomeApi;
  readonly moveApi: MoveApi;
  /** Absent for callers to whom the host does not listen. */
  readonly hostApi: HostApi | undefined;
  /** Told what the shell says of the machine: it is so for the engines of other homes, too. */
  readonly onConditions: (conditions: Conditions) => Promise<void>;
  /** Methods that these callers have no business with. */
  readonly withheld: readonly string[];
}

export function answerCalls(options: HomeCallsOptions): Answering {
  const { home, homeApi, moveApi, hostApi, onConditions, withheld } = options;
  return {
    subscribe: (listener) => home.subscribe(listener),
    call: async (method, given, signal) => {
      if (withheld.includes(method)) throw unknownMethod(method);
      if (isHomeMethod(method)) {
        const request = parseRequest(method, homeMethods[method], given);
        return callMethod(homeApi, method, request, signal);
      }
      if (isMoveMethod(method)) {
        const request = parseRequest(method, moveMethods[method], given);
        // What these callers have no business with here, they have none with there.
        if (method === 'callOtherHome') refuseWithheld(request, withheld);
        return callMethod(moveApi, method, request, signal);
      }
      if (hostApi && isHostMethod(method)) {
        const request = parseRequest(method, hostMethods[method], given);
        return callMethod(hostApi, method, request, signal);
      }
      if (!isEngineMethod(method)) throw unknownMethod(method);
      const request = parseRequest(method, methods[method], given);
      if (method === 'setConditions') {
        await onConditions(request as Conditions);
      }
      return callEngine(home, method, request, signal);
    },
  };
}

const unknownMethod = (method: string): EngineError =>
  new EngineError('usage', `there is no method ${method}`);

function refuseWithheld(request: unknown, withheld: readonly string[]): void {
  const { method } = request as Parameters<MoveApi['callOtherHome']>[0];
  if (withheld.includes(method)) throw unknownMethod(method);
}

async function callEngine(
  home: ServedHome,
  method: string,
  request: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  const isRebuild = method === 'doctor' && (request as { rebuildIndex?: boolean }).rebuildIndex;
  // A damaged index keeps the engine from opening, so mending it begins with the home.
  if (isRebuild && hasCode(home.problem, 'index-damaged')) await home.openForRebuild();
  const { api } = await home.engine();
  try {
    const answer = await callMethod(api, method, request, signal);
    if (method === 'status' && home.hasOtherNetwork) home.setProblem(undefined);
    return answer;
  } catch (error) {
    // The engine opens without asking the chain; it is the first call that finds another one.
    if (hasCode(error, 'home-other-network')) home.setProblem(error);
    throw error;
  }
}
