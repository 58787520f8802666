/**
 * @file What this folder reads in the answers of a real deployment (release 1.32), byte for byte.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { verify, verifyAggregate, aggregate } from '#engine/codec/bls.ts';
import { readMetadata, splitRecoverySymbols, verifyRecoverySymbol } from '#engine/codec/rs2.ts';
import { epoch, parseBlobId, parseObjectId } from '#engine/model/ids.ts';
import type { Persistence } from '#engine/model/walrus.ts';
import { parseBlobStatus } from './blob-status.ts';
import { compareMessage, confirmationMessage, parseSignedMessage } from './confirmation.ts';
import { readAnswer, successData, type NodeAnswer } from './node-answer.ts';
import { compressedP256 } from './trust.ts';

interface HttpRecord {
  readonly name: string;
  readonly node: string;
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly bodyText?: string;
  readonly bodyBase64?: string;
  readonly certificate?: { readonly certDerBase64: string };
  readonly onChain?: { readonly networkPublicKeyHex: string };
}

interface RecordedNode {
  readonly name: string;
  readonly protocolPublicKeyUncompressedHex: string;
}

const vectors = join(import.meta.dirname, '../../../test/vectors/real-network');
const readJson = (name: string): unknown =>
  JSON.parse(readFileSync(join(vectors, name), 'utf8')) as unknown;
const records = readJson('real-node-http.json') as HttpRecord[];
const { context } = readJson('real-objects.json') as { context: { nodes: RecordedNode[] } };

const bodyOf = (record: HttpRecord): Buffer =>
  record.bodyBase64 === undefined
    ? Buffer.from(record.bodyText ?? '')
    : Buffer.from(record.bodyBase64, 'base64');

const read = <Value>(
  record: HttpRecord,
  parse: (body: Buffer) => Value | undefined,
): NodeAnswer<Value> =>
  readAnswer(
    {
      kind: 'answered',
      status: record.status ?? 0,
      isJson: record.headers?.['content-type']?.startsWith('application/json') === true,
      retryAfterMs: undefined,
      body: bodyOf(record),
    },
    parse,
  );

const publicKeyOf = (name: string): Uint8Array => {
  const node = context.nodes.find((each) => each.name === name);
  return Buffer.from(node?.protocolPublicKeyUncompressedHex ?? '', 'hex');
};

const answers = records.filter(
  ({ method, status }) => method !== undefined && status !== undefined,
);
const withPath = (pattern: RegExp, status: number): HttpRecord[] =>
  answers.filter((record) => record.status === status && pattern.test(record.path ?? ''));

describe('a recorded refusal', () => {
  test.each(answers.filter(({ status = 0, method }) => status >= 400 && method !== 'HEAD'))(
    '$name is read as one, with the reason of its envelope if it has one',
    (record) => {
      const answer = read(record, () => 'value');
      const reason = /"reason":"([A-Z_]+)"/.exec(record.bodyText ?? '')?.[1];
      if (answer.kind !== 'refused') throw new Error(`read as ${answer.kind}`);
      if (reason === undefined) {
        const isRouteless = record.status === 404 || record.status === 405;
        expect(answer.reason).toBe(isRouteless ? 'NO_SUCH_ROUTE' : 'OTHER');
      } else {
        expect([reason, 'OTHER']).toContain(answer.reason);
        expect(answer.message).toContain(reason);
      }
    },
  );

  test('by an unregistered blob is the one that is waited for', () => {
    const lagging = answers.filter(({ bodyText }) => bodyText?.includes('"NOT_REGISTERED"'));
    expect(lagging.length).toBeGreaterThan(5);
    for (const record of lagging) {
      expect(read(record, () => 1)).toMatchObject({ reason: 'NOT_REGISTERED' });
    }
  });
});

describe('a recorded confirmation', () => {
  const confirmations = withPath(/\/confirmation\//, 200);
  const persistenceOf = (path: string): Persistence => {
    const objectId = /\/deletable\/(0x[0-9a-f]+)$/.exec(path)?.[1];
    return objectId === undefined
      ? { kind: 'permanent' }
      : { kind: 'deletable', blobObjectId: parseObjectId(objectId) };
  };

  test.each(confirmations)('$name of $node signs the bytes we expect', async (record) => {
    const path = record.path ?? '';
    const blobId = parseBlobId(/\/blobs\/([^/]+)\//.exec(path)?.[1] ?? '');
    const expected = confirmationMessage(blobId, epoch(1), persistenceOf(path));
    const signed = parseSignedMessage(bodyOf(record));
    if (signed === undefined) throw new Error('unreadable');
    expect(compareMessage(signed.message, expected)).toEqual({ kind: 'equal' });
    expect(await verify(signed.message, signed.signature, publicKeyOf(record.node))).toBe(true);
    const later = confirmationMessage(blobId, epoch(2), persistenceOf(path));
    expect(compareMessage(signed.message, later)).toEqual({ kind: 'other-epoch', epoch: 1 });
  });

  test('of each of the four nodes adds up to a signature of all', async () => {
    const ofOneBlob = confirmations.filter(({ name }) => name === 'confirmation permanent ok');
    expect(new Set(ofOneBlob.map(({ node }) => node)).size).toBe(4);
    const signed = ofOneBlob.map((record) => parseSignedMessage(bodyOf(record)));
    const signatures = signed.flatMap((each) => (each ? [each.signature] : []));
    const message = signed[0]?.message ?? Buffer.of();
    const keys = ofOneBlob.map(({ node }) => publicKeyOf(node));
    expect(await verifyAggregate(keys, message, aggregate(signatures))).toBe(true);
    expect(await verifyAggregate(keys.slice(1), message, aggregate(signatures))).toBe(false);
  });
});

describe('a recorded blob status', () => {
  const statuses = withPath(/^\/v1\/blobs\/[^/]+\/status$/, 200).filter(
    ({ method }) => method === 'GET',
  );

  test.each(statuses)('$name is read', (record) => {
    const status = parseBlobStatus(successData(bodyOf(record)));
    expect(record.bodyText).toContain(status?.kind ?? 'unread');
    if (status?.kind !== 'permanent') return;
    expect(record.bodyText).toContain(`"endEpoch":${String(status.endEpoch)},`);
    expect(record.bodyText).toContain(`"isCertified":${String(status.isCertified)},`);
  });
});

describe('recorded recovery symbols', () => {
  const metadataRecord = withPath(
    /\/DdEc7PfDoKuzK_4S5gICD0XNSFUeirEJ4KVeLp7yfVI\/metadata$/,
    200,
  ).at(-1);
  const symbolRecords = withPath(
    /\/DdEc7PfDoKuzK_4S5gICD0XNSFUeirEJ4KVeLp7yfVI\/recoverySymbols$/,
    200,
  );

  test.runIf(metadataRecord?.bodyBase64 !== undefined).each(symbolRecords)(
    '$name are taken apart, and each is proved',
    (record) => {
      const bcs = Buffer.from(metadataRecord?.bodyBase64 ?? '', 'base64').subarray(32);
      const metadata = readMetadata(bcs, 13);
      const symbols = splitRecoverySymbols(bodyOf(record), 13);
      expect(symbols.length).toBeGreaterThan(0);
      for (const claim of symbols) {
        expect(verifyRecoverySymbol(metadata, claim).symbol).toHaveLength(metadata.symbolBytes);
      }
    },
  );

  test('cut short or with something behind are refused', () => {
    for (const record of symbolRecords) {
      const body = bodyOf(record);
      expect(() => splitRecoverySymbols(body.subarray(0, -1), 13)).toThrow();
      expect(() => splitRecoverySymbols(Buffer.concat([body, Buffer.of(0)]), 13)).toThrow();
    }
  });
});

describe('a recorded TLS certificate', () => {
  test.each(records.filter(({ certificate }) => certificate !== undefined))(
    'of $node is for the key that stands on chain',
    (record) => {
      const der = Buffer.from(record.certificate?.certDerBase64 ?? '', 'base64');
      const key = compressedP256(new X509Certificate(der).publicKey);
      expect(Buffer.from(key ?? []).toString('hex')).toBe(record.onChain?.networkPublicKeyHex);
    },
  );
});
