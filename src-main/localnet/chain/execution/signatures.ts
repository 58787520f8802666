/**
 * @file Who signed a transaction: sender and, where another pays the gas, the sponsor.
 */
import { verifyTransactionSignature } from '@mysten/sui/verify';
import { InputRefused } from './refusal.ts';
import type { Transaction } from './transaction.ts';

/** Check that exactly the needed signatures (base64) are there. Throws InputRefused. */
export async function checkSignatures(
  bytes: Uint8Array,
  transaction: Transaction,
  signatures: readonly string[],
): Promise<void> {
  const signers: string[] = [];
  for (const signature of signatures) {
    try {
      const publicKey = await verifyTransactionSignature(bytes, signature);
      signers.push(publicKey.toSuiAddress());
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new InputRefused('signature', `Invalid user signature: ${reason}`);
    }
  }
  const needed = new Set([transaction.sender, transaction.gas.owner]);
  for (const address of needed) {
    if (signers.includes(address)) continue;
    throw new InputRefused(
      'signature',
      `Invalid user signature: Required Signature from ${address} is absent [${signers.map((signer) => `"${signer}"`).join(', ')}]`,
    );
  }
  if (signers.length !== needed.size) {
    throw new InputRefused(
      'signature',
      `Invalid user signature: Expect ${String(needed.size)} signer signatures but got ${String(signers.length)}`,
    );
  }
}
