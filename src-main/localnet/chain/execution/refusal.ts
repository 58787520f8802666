/**
 * @file A transaction that is not executed at all, and costs nothing.
 *
 * The messages are those of a full node: clients show them, and some compare them.
 */

export type RefusalKind =
  | 'malformed'
  | 'unsupported'
  | 'signature'
  | 'version-stale'
  | 'object-missing'
  | 'object-deleted'
  | 'not-owner'
  | 'shared-mismatch'
  | 'gas'
  | 'expired'
  | 'package-missing';

export class InputRefused extends Error {
  override readonly name = 'InputRefused';
  readonly kind: RefusalKind;
  /** The reason as Rust's Debug prints it, which dry runs show; undefined where it is the same. */
  readonly debugText: string | undefined;

  constructor(kind: RefusalKind, message: string, debugText?: string) {
    super(message);
    this.kind = kind;
    this.debugText = debugText;
  }
}
