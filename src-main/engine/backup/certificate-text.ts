/** @file A certificate as text for the journal, and back. */
import { EngineError } from '../model/engine-error.ts';
import { epoch } from '../model/ids.ts';
import type { Certificate } from '../model/walrus.ts';

export function certificateText(certificate: Certificate): string {
  return JSON.stringify({
    signersBitmap: base64(certificate.signersBitmap),
    message: base64(certificate.message),
    signature: base64(certificate.signature),
    epoch: certificate.epoch,
    shardWeight: certificate.shardWeight,
  });
}

/** @throws EngineError `index-damaged` */
export function parseCertificate(text: string): Certificate {
  try {
    const parsed = JSON.parse(text) as Record<string, string | number>;
    return {
      signersBitmap: bytes(parsed['signersBitmap']),
      message: bytes(parsed['message']),
      signature: bytes(parsed['signature']),
      epoch: epoch(Number(parsed['epoch'])),
      shardWeight: Number(parsed['shardWeight']),
    };
  } catch (error) {
    throw new EngineError('index-damaged', 'a certificate in the journal cannot be read', {
      cause: error,
    });
  }
}

const base64 = (value: Uint8Array): string => Buffer.from(value).toString('base64');
const bytes = (text: unknown): Uint8Array => new Uint8Array(Buffer.from(String(text), 'base64'));
