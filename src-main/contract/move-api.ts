/**
 * @file Moving a folder to another network. Each network has a home and words of its own, so a move
 * has a second home: it lies beside this one, is served by the same process from then on, and is
 * called through this one. Served by the host, not by the engine.
 */
import type { CallOptions } from './api.ts';
import type { SerializedError } from './errors.ts';
import type { Quote } from './storage-api.ts';

export interface MoveQuote {
  readonly networkName: string;
  /** Where the home for that network lies, or will lie. */
  readonly home: string;
  /** An earlier move made a vault there: its words open this folder, too. */
  readonly hasVault: boolean;
  readonly quote: Quote;
}

/** A home beside this one, by the name of its network. */
export interface OtherHome {
  readonly networkName: string;
  readonly home: string;
  /** Why it cannot be served now. */
  readonly problem: SerializedError | undefined;
}

export interface FolderMove {
  /** As this home knows it. */
  readonly folderId: string;
  readonly folderName: string;
  readonly networkName: string;
  /** As the other home knows it; undefined until it has taken the folder. */
  readonly folderIdThere: string | undefined;
  /** `done`: protected there, and let go of here. */
  readonly state: 'moving' | 'done';
  /** What keeps it from going on. It goes on by itself once that is cured. */
  readonly problem: SerializedError | undefined;
}

/** `network`: `testnet`, `mainnet`, the path of a network file, or its text. */
export interface MoveApi {
  /** What moving a folder would cost. Nothing is made or spent. */
  quoteMove(
    request: { readonly folder: string; readonly network: string },
    options?: CallOptions,
  ): Promise<MoveQuote>;
  /** Serve the home for a network, whatever is in it. */
  openOtherHome(request: { readonly network: string }, options?: CallOptions): Promise<OtherHome>;
  otherHomes(
    request: Record<string, never>,
    options?: CallOptions,
  ): Promise<{ readonly homes: readonly OtherHome[]; readonly moves: readonly FolderMove[] }>;
  /** Call a method of HomeApi or EngineApi there. What it tells comes as `other-home` events. */
  callOtherHome(
    request: { readonly networkName: string; readonly method: string; readonly request: unknown },
    options?: CallOptions,
  ): Promise<unknown>;
  /**
   * Protect the folder in the other home, which has a vault by now; when it is, let go of it here.
   * Answers once it has begun. It outlives the window and the engine. Asked again, tries again now.
   */
  startMove(
    request: { readonly folder: string; readonly networkName: string },
    options?: CallOptions,
  ): Promise<FolderMove>;
  /**
   * Leave the folder here, or forget a move that is done. What was paid there stays paid. Answers
   * once it is noted: the other home lets go of the folder as soon as it is certain that this one
   * keeps it.
   */
  endMove(request: { readonly folder: string }, options?: CallOptions): Promise<void>;
}
