/**
 * @file The recorded network, rebuilt: 13 shards on 4 nodes over TLS, and a way to send them the
 * recorded requests as they were sent.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { connect as connectTls } from 'node:tls';
import { verify } from '#engine/codec/bls.ts';
import { encodeBlob } from '#engine/codec/rs2.ts';
import {
  blobIdFromBytes,
  epoch,
  parseObjectId,
  sliverPairIndex,
  type BlobId,
} from '#engine/model/ids.ts';
import type { StorageNode as CommitteeMember } from '#engine/model/walrus.ts';
import type { BehaviourProfile } from '#localnet/nodes/behaviour.ts';
import { pairOfShard } from '#localnet/nodes/encoding.ts';
import { compressedPoint, generatedServerName } from '#localnet/nodes/tls-certificate.ts';
import { startNodeGroup, type NodeGroup } from '#test/support/node-group.ts';
import {
  blobContent,
  recordedEvents,
  sceneSteps,
  type RecordedAnswer,
  type RecordedEvent,
  type RecordedRequest,
} from './records.ts';

/** The recorded nodes in committee order, with the ids that the recorded chain gave them. */
const NODES = [
  {
    name: 'dryrun-node-1',
    id: '0x47f8e0b6fa7a7b3936e0e786b9a2e00e98c35b9602e106c565168adca95bddb9',
    shards: [0, 1, 2],
  },
  {
    name: 'dryrun-node-2',
    id: '0x573f25f7df8bc9a345508663bfa0520bd08385f4eab96993ac73cfbc0ed824f5',
    shards: [3, 4, 5],
  },
  {
    name: 'dryrun-node-0',
    id: '0x6941140c864a5eb25a6d960b209ba4c04347b7453d3ee890595366e76a6942ca',
    shards: [6, 7, 8, 9],
  },
  {
    name: 'dryrun-node-3',
    id: '0x7cd24864e350e32644a4fdac29abe78c51a0cf4e3061515b4b37f59bbda8240f',
    shards: [10, 11, 12],
  },
] as const;

const SHARD_COUNT = 13;
/** Recovery would change the situation between two records. */
const NO_RECOVERY_MS = 24 * 3_600_000;
/** Most records are from this one. */
const MAIN_NODE = 'dryrun-node-0';

const COMPARED_HEADERS = [
  'content-type',
  'content-length',
  'vary',
  'access-control-allow-origin',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'allow',
];

export interface Comparison {
  readonly actual: RecordedAnswer;
  readonly expected: RecordedAnswer;
}

export class RecordedScene {
  readonly #group: NodeGroup;
  #nextEvent = 0;
  #nextStep = 0;

  constructor(group: NodeGroup) {
    this.#group = group;
  }

  static async open(behaviour: BehaviourProfile): Promise<RecordedScene> {
    const group = await startNodeGroup({
      shards: NODES.map(({ shards }) => shards),
      nodeIds: NODES.map(({ id }) => parseObjectId(id)),
      behaviour,
      isTls: true,
      recoveryQuietMs: NO_RECOVERY_MS,
    });
    return new RecordedScene(group);
  }

  get log(): readonly string[] {
    return this.#group.log;
  }

  close(): Promise<void> {
    return this.#group.close();
  }

  /** Bring the nodes into the situation of a record, send its request, and compare. */
  async replay(index: number, record: RecordedRequest): Promise<Comparison> {
    for (let step = sceneSteps[this.#nextStep]; step && step.beforeRecord <= index;) {
      this.#emitUpTo(step.eventsUpTo);
      for (const letter of step.store ?? []) await this.#store(letter);
      for (const letter of step.storeMetadata ?? []) {
        await this.#storeMetadata(letter, this.#member(MAIN_NODE));
      }
      this.#nextStep += 1;
      step = sceneSteps[this.#nextStep];
    }
    const member = this.#member(record.node);
    if (record.certificate) return compareCertificate(member, record);
    if (record.transportError) return comparePlainHttp(member, record);
    if (record.http2RemoteSettings) return compareHttp2(member, record);
    return compareAnswer(member, record, await send(member, record));
  }

  #member(name: string): CommitteeMember {
    const index = NODES.findIndex((node) => node.name === name);
    const member = this.#group.committee.members[index];
    if (!member) throw new Error(`the recorded network has no node ${name}`);
    return member;
  }

  #emitUpTo(txDigest: string | undefined): void {
    const last = recordedEvents.findIndex((event) => event.txDigest === txDigest);
    for (; this.#nextEvent <= last; this.#nextEvent += 1) {
      const event = recordedEvents[this.#nextEvent];
      if (event) this.#emit(event);
    }
  }

  #emit({ kind, fields, txDigest }: RecordedEvent): void {
    const base = {
      blobId: blobIdOfNumber(fields.blob_id),
      objectId: parseObjectId(fields.object_id),
      endEpoch: epoch(fields.end_epoch),
    };
    const { chain } = this.#group;
    const deletable = fields.deletable ?? false;
    switch (kind) {
      case 'BlobRegistered':
        chain.emit(
          {
            kind: 'blob-registered',
            ...base,
            deletable,
            sizeBytes: Number(fields.size),
            encodingType: fields.encoding_type ?? 1,
          },
          txDigest,
        );
        return;
      case 'BlobCertified':
        chain.emit(
          {
            kind: 'blob-certified',
            ...base,
            deletable,
            isExtension: fields.is_extension ?? false,
          },
          txDigest,
        );
        return;
      default:
        chain.emit(
          { kind: 'blob-deleted', ...base, wasCertified: fields.was_certified ?? false },
          txDigest,
        );
    }
  }

  async #storeMetadata(letter: string, member: CommitteeMember): Promise<void> {
    const blob = await encodeBlob(blobContent(letter), SHARD_COUNT);
    await put(member, `/v1/blobs/${blob.blobId}/metadata`, blob.metadata);
    blob.release();
  }

  /** As a client does it: metadata, then every sliver, whatever is there already. */
  async #store(letter: string): Promise<void> {
    const blob = await encodeBlob(blobContent(letter), SHARD_COUNT);
    for (const member of this.#group.committee.members) {
      const path = `/v1/blobs/${blob.blobId}`;
      await put(member, `${path}/metadata`, blob.metadata);
      for (const shard of member.shards) {
        const pair = sliverPairIndex(pairOfShard(this.#group.encoding.shape, blob.blobId, shard));
        for (const axis of ['primary', 'secondary'] as const) {
          await put(member, `${path}/slivers/${String(pair)}/${axis}`, blob.sliver(pair, axis));
        }
      }
    }
    blob.release();
  }
}

function blobIdOfNumber(decimal: string): BlobId {
  const hex = BigInt(decimal).toString(16).padStart(64, '0');
  return blobIdFromBytes(Buffer.from(hex, 'hex').reverse());
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

function addressOf(member: CommitteeMember): { readonly host: string; readonly port: number } {
  const [host = '', port = ''] = member.networkAddress.split(':');
  return { host, port: Number(port) };
}

function exchange(options: RequestOptions, body: Uint8Array | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest({ ...options, agent: false, rejectUnauthorized: false });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
        }),
      );
    });
    request.end(body);
  });
}

async function put(member: CommitteeMember, path: string, body: Uint8Array): Promise<void> {
  const headers = { 'content-length': body.length };
  await exchange({ ...addressOf(member), method: 'PUT', path, headers }, body);
}

function send(member: CommitteeMember, record: RecordedRequest): Promise<Answer> {
  const body = requestBody(record);
  return exchange(
    {
      ...addressOf(member),
      method: record.method ?? 'GET',
      path: `${record.path ?? ''}${record.query === undefined ? '' : `?${record.query}`}`,
      headers: {
        ...record.requestHeaders,
        ...(body ? { 'content-length': body.length } : {}),
      },
    },
    body,
  );
}

/** Bodies too large to be recorded were zeros. */
function requestBody(record: RecordedRequest): Buffer | undefined {
  if (record.requestBodyLen === undefined) return undefined;
  const body =
    record.requestBodyBase64 === undefined
      ? Buffer.alloc(record.requestBodyLen)
      : Buffer.from(record.requestBodyBase64, 'base64');
  const digest = createHash('sha256').update(body).digest('hex');
  if (digest !== record.requestBodySha256) throw new Error('not the recorded request body');
  return body;
}

async function compareAnswer(
  member: CommitteeMember,
  record: RecordedRequest,
  answer: Answer,
): Promise<Comparison> {
  // Generated from their source by real nodes; no client reads it.
  const isApiPage = record.path === '/v1/api';
  const isHealth = record.path === '/v1/health' && record.status === 200;
  const headers = COMPARED_HEADERS.filter(
    (name) => name !== 'content-length' || !(isApiPage || isHealth),
  );
  const pick = (from: IncomingMessage['headers']): RecordedAnswer =>
    Object.fromEntries(headers.map((name) => [name, from[name]]));
  const expectedBody =
    record.bodyBase64 === undefined
      ? Buffer.from(record.bodyText ?? '')
      : Buffer.from(record.bodyBase64, 'base64');
  const settle = async (body: Buffer): Promise<unknown> => {
    if (isApiPage) return undefined;
    if (isHealth) return settledHealth(body);
    return (await verifiedConfirmation(member, body)) ?? body.toString('latin1');
  };
  const recorded = { ...record.headers };
  return {
    actual: {
      status: answer.status,
      headers: pick(answer.headers),
      body: await settle(answer.body),
    },
    expected: {
      status: record.status,
      headers: pick(recorded),
      body: isApiPage || isHealth ? await settle(expectedBody) : withoutSignature(expectedBody),
    },
  };
}

/** Times, keys and counters are each node's own. */
function settledHealth(body: Buffer): unknown {
  if (body.length === 0) return '';
  const health = JSON.parse(body.toString()) as { success: { data: Record<string, unknown> } };
  for (const name of ['uptime', 'publicKey', 'eventProgress', 'latestCheckpointSequenceNumber']) {
    health.success.data[name] = shapeOf(health.success.data[name]);
  }
  return JSON.stringify(health);
}

function shapeOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]));
}

interface Signed {
  readonly serializedMessage: string;
  readonly signature: string;
}

function signedPart(body: Buffer): Signed | undefined {
  const text = body.toString();
  if (!text.includes('"serializedMessage"')) return undefined;
  return (JSON.parse(text) as { success: { data: { signed: Signed } } }).success.data.signed;
}

function withoutSignature(body: Buffer): string {
  const signed = signedPart(body);
  return signed ? body.toString().replace(signed.signature, 'valid') : body.toString('latin1');
}

async function verifiedConfirmation(
  member: CommitteeMember,
  body: Buffer,
): Promise<string | undefined> {
  const signed = signedPart(body);
  if (!signed) return undefined;
  const isValid = await verify(
    Buffer.from(signed.serializedMessage, 'base64'),
    Buffer.from(signed.signature, 'base64'),
    member.publicKey,
  );
  return body.toString().replace(signed.signature, isValid ? 'valid' : 'invalid');
}

/** A request without TLS gets no HTTP answer. */
function comparePlainHttp(member: CommitteeMember, record: RecordedRequest): Promise<Comparison> {
  const { promise, resolve } = Promise.withResolvers<Comparison>();
  const expected = { code: record.transportError?.code };
  const request = httpRequest({ ...addressOf(member), path: record.path ?? '/', agent: false });
  request.on('response', (response) => {
    resolve({ actual: { status: response.statusCode }, expected });
  });
  request.on('error', (error: NodeJS.ErrnoException) => {
    resolve({ actual: { code: error.code }, expected });
  });
  request.end();
  return promise;
}

async function compareHttp2(member: CommitteeMember, record: RecordedRequest): Promise<Comparison> {
  const { host, port } = addressOf(member);
  const session = connectHttp2(`https://${host}:${String(port)}`, { rejectUnauthorized: false });
  try {
    const settings = await new Promise<{ readonly maxConcurrentStreams?: number }>(
      (resolve, reject) => {
        session.once('remoteSettings', resolve);
        session.once('error', reject);
      },
    );
    const status = await new Promise<number>((resolve, reject) => {
      const stream = session.request({ ':path': record.path ?? '/' });
      stream.on('response', (headers) => resolve(headers[':status'] ?? 0));
      stream.on('error', reject);
      stream.resume();
    });
    return {
      actual: { status, maxConcurrentStreams: settings.maxConcurrentStreams },
      expected: {
        status: record.status,
        maxConcurrentStreams: record.http2RemoteSettings?.maxConcurrentStreams,
      },
    };
  } finally {
    session.close();
  }
}

/** Everything but the key, and what follows from the key. */
function compareCertificate(member: CommitteeMember, record: RecordedRequest): Promise<Comparison> {
  const { promise, resolve, reject } = Promise.withResolvers<Comparison>();
  const socket = connectTls({
    ...addressOf(member),
    rejectUnauthorized: false,
    ALPNProtocols: ['h2', 'http/1.1'],
  });
  socket.on('error', reject);
  socket.on('secureConnect', () => {
    const certificate = new X509Certificate(socket.getPeerCertificate().raw);
    const ownName = generatedServerName(member.networkPublicKey);
    const recorded = record.certificate;
    const recordedName = recorded?.subject.replace('CN=', '') ?? '';
    const neutral = (text: string | undefined, name: string): string | undefined =>
      text?.replaceAll(name, 'NAME');
    const { namedCurve } = certificate.publicKey.asymmetricKeyDetails ?? {};
    resolve({
      actual: {
        subject: neutral(certificate.subject, ownName),
        issuer: neutral(certificate.issuer, ownName),
        subjectAltName: neutral(certificate.subjectAltName, ownName),
        validFrom: certificate.validFrom,
        validTo: certificate.validTo,
        ca: certificate.ca,
        keyType: certificate.publicKey.asymmetricKeyType,
        curve: namedCurve,
        selfSigned: certificate.verify(certificate.publicKey),
        alpn: socket.alpnProtocol,
        protocol: socket.getProtocol(),
        isKeyOnChain:
          Buffer.compare(compressedPoint(certificate.publicKey), member.networkPublicKey) === 0,
      },
      expected: {
        subject: neutral(recorded?.subject, recordedName),
        issuer: neutral(recorded?.issuer, recordedName),
        subjectAltName: neutral(recorded?.subjectAltName, recordedName),
        validFrom: recorded?.validFrom,
        validTo: recorded?.validTo,
        ca: recorded?.ca,
        keyType: recorded?.keyType,
        curve: recorded?.curve,
        selfSigned: recorded?.selfSigned,
        alpn: record.negotiated?.alpn,
        protocol: record.negotiated?.protocol,
        isKeyOnChain: true,
      },
    });
    socket.destroy();
  });
  return promise;
}
