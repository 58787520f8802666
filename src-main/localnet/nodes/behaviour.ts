/**
 * @file Where storage nodes of different releases behave differently, as switches.
 *
 * The default is the newer release that docs/design.md describes. `walrus-1.32` is a deployment
 * that was recorded answer by answer (test/vectors/real-network); clients have to work with both.
 */

/** Each switch turns one recorded behaviour of release 1.32 on. */
export interface NodeBehaviour {
  /** A valid sliver of another pair is stored under any pair path (no SLIVER_INDEX_MISMATCH). */
  readonly noPairCheck: boolean;
  /** A sliver PUT always answers 200 "sliver stored successfully", new or not. */
  readonly alwaysOk200: boolean;
  /** Bad recovery queries and oversized slivers are refused as text/plain without a reason. */
  readonly textErrors: boolean;
  /** Confirmations are signed for any live object, whatever its blob and persistence. */
  readonly laxConfirmations: boolean;
  /** Registration is checked before "already stored" and before the body is verified. */
  readonly registrationFirst: boolean;
  /** `pending`, `wait_for_registration` and `wait_millis` are ignored without a word. */
  readonly ignoresPending: boolean;
  /** decodingSymbols does not exist; recoverySymbols/{id} and slivers/../{target} do. */
  readonly legacyRecoveryRoutes: boolean;
  /** How long uploads for unregistered blobs are kept. 0: `pending=true` is CACHE_SATURATED. */
  readonly pendingUploadsTtlMs: number;
}

/** The newer release, built for production: pending uploads are switched off there. */
export const currentBehaviour: NodeBehaviour = {
  noPairCheck: false,
  alwaysOk200: false,
  textErrors: false,
  laxConfirmations: false,
  registrationFirst: false,
  ignoresPending: false,
  legacyRecoveryRoutes: false,
  pendingUploadsTtlMs: 0,
};

const profiles = {
  current: currentBehaviour,
  'walrus-1.32': {
    noPairCheck: true,
    alwaysOk200: true,
    textErrors: true,
    laxConfirmations: true,
    registrationFirst: true,
    ignoresPending: true,
    legacyRecoveryRoutes: true,
    pendingUploadsTtlMs: 0,
  },
} as const satisfies Record<string, NodeBehaviour>;

export type BehaviourProfile = keyof typeof profiles;

/** A profile by its name, or single switches over the default. */
export type BehaviourChoice = BehaviourProfile | Partial<NodeBehaviour>;

export const behaviourProfiles = Object.keys(profiles) as readonly BehaviourProfile[];

/** The switches that a choice stands for. */
export function resolveBehaviour(choice: BehaviourChoice | undefined): NodeBehaviour {
  if (choice === undefined) return currentBehaviour;
  if (typeof choice === 'string') return profiles[choice];
  return { ...currentBehaviour, ...choice };
}
