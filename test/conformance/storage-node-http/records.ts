/**
 * @file The recorded requests and answers, and which chain events came between them.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const VECTORS = join(import.meta.dirname, '../../vectors/real-network');

export interface CertificateFacts {
  readonly subject: string;
  readonly issuer: string;
  readonly subjectAltName: string;
  readonly validFrom: string;
  readonly validTo: string;
  readonly ca: boolean;
  readonly keyType: string;
  readonly curve: string;
  readonly selfSigned: boolean;
}

export interface RecordedRequest {
  readonly name: string;
  readonly node: string;
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly requestHeaders?: Readonly<Record<string, string>>;
  readonly requestBodyLen?: number;
  readonly requestBodySha256?: string;
  readonly requestBodyBase64?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly bodyLen?: number;
  readonly bodyText?: string;
  readonly bodyBase64?: string;
  readonly bodySha256?: string;
  readonly transportError?: { readonly code: string };
  readonly http2RemoteSettings?: { readonly maxConcurrentStreams: number };
  readonly certificate?: CertificateFacts;
  readonly negotiated?: { readonly alpn: string; readonly protocol: string };
}

/** What is compared. */
export type RecordedAnswer = Readonly<Record<string, unknown>>;

export const records = JSON.parse(
  readFileSync(join(VECTORS, 'real-node-http.json'), 'utf8'),
) as readonly RecordedRequest[];

/** A Move event as the recorded RPC gave it. */
export interface RecordedEvent {
  readonly txDigest: string;
  readonly kind: string;
  readonly fields: {
    /** The u256 in decimal: the little-endian number of the 32 bytes. */
    readonly blob_id: string;
    readonly object_id: string;
    readonly end_epoch: number;
    readonly deletable?: boolean;
    readonly size?: string;
    readonly encoding_type?: number;
    readonly is_extension?: boolean;
    readonly was_certified?: boolean;
  };
}

interface RecordedTransaction {
  readonly digest?: string;
  readonly events?: readonly {
    readonly type: string;
    readonly parsedJson: RecordedEvent['fields'];
  }[];
}

/** Blob events in the order of their transactions. */
export const recordedEvents: readonly RecordedEvent[] = (
  JSON.parse(
    readFileSync(join(VECTORS, 'real-transactions.json'), 'utf8'),
  ) as readonly RecordedTransaction[]
).flatMap(({ digest, events }) =>
  (events ?? [])
    .filter(({ type }) => /::Blob(Registered|Certified|Deleted)$/.test(type))
    .map(({ type, parsedJson }) => ({
      txDigest: digest ?? '',
      kind: type.split('::').at(-1) ?? '',
      fields: parsedJson,
    })),
);

const blobLengths: Readonly<Record<string, number>> = {
  A: 500,
  B: 600,
  H: 1100,
  K: 1400,
  M: 1600,
};

/** A recorded blob: byte i of blob k is (7 i + 3 + 31 k) mod 251; A is k = 0. */
export function blobContent(letter: string): Uint8Array {
  const k = letter.charCodeAt(0) - 'A'.charCodeAt(0);
  return Uint8Array.from(
    { length: blobLengths[letter] ?? 0 },
    (_, i) => (7 * i + 3 + 31 * k) % 251,
  );
}

/** What happened before a record: chain events up to a digest, then blobs stored everywhere. */
export interface SceneStep {
  readonly beforeRecord: number;
  readonly eventsUpTo?: string;
  /** On all four nodes. */
  readonly store?: readonly string[];
  /** Metadata only, on the node that most records are from. */
  readonly storeMetadata?: readonly string[];
}

export const sceneSteps: readonly SceneStep[] = [
  { beforeRecord: 18, eventsUpTo: 'CmMvmhshP1zm9krJ6pB9pXFjnsTtdX1btSC8FK9pqce5' },
  { beforeRecord: 80, store: ['A'] },
  { beforeRecord: 88, eventsUpTo: '8qgN3LhrvumQotVwSS4Wn4HhGFCgP3Yytc5sz2nz7w7a' },
  { beforeRecord: 90, eventsUpTo: '8vfhVJPxPh8QQ52kMd5z3v6iuqWtjfu6to6EhZxnVCHN' },
  { beforeRecord: 111, eventsUpTo: '91jvosrVY3fYb5x5UgGsHsuCB5ju2w3bPPnyobosixU1' },
  { beforeRecord: 114, store: ['B'] },
  { beforeRecord: 121, eventsUpTo: 'BhMSTw9D12EcRc4nhCJuus1bbzoRyamdS5G6QjySguH3' },
  { beforeRecord: 122, eventsUpTo: '9PqJkUKptfHqodFTrmCyoR5LHUHU4UJdvj7bbKyFSf9i' },
  { beforeRecord: 124, eventsUpTo: '2SgLPKwhG6KTqJM5gjGnBzJQDBM6dSiq6V7ApGFi82j8' },
  { beforeRecord: 125, eventsUpTo: '3sPPPDSSVkU1gbys3xW2zk1yknt98522oauN5iBYPh5S' },
  { beforeRecord: 126, store: ['H'] },
  { beforeRecord: 127, eventsUpTo: 'A9RjJDkhV64FuUYwqwcjEe6c8rW21udYJw9uAbmH8MaQ' },
  { beforeRecord: 128, eventsUpTo: 'ABUS8LWUK6cAmFU9HwPLCeWuSZccSppfAwPxwqAmpWAj' },
  { beforeRecord: 135, eventsUpTo: 'BVY9Ks8PdgHCDki5D4e8ZCcer6au8iDVuFY4nskQHzox', store: ['K'] },
  {
    beforeRecord: 136,
    eventsUpTo: '2ju6gD8xjkZZYZkyTHu2U49XXiH5mi3ir9iC5fpsYqye',
    storeMetadata: ['M'],
  },
  { beforeRecord: 174, eventsUpTo: 'CBHMUWUQfbi9ex5dX1UekNe716sKRimLMbkaU12EoH4Y' },
];
