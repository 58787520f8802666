/**
 * @file Uploads to scripted storage nodes on real sockets: what becomes of them when some of the
 * nodes lag, lie, refuse, hang or die.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { epoch, parseObjectId, sliverPairIndex } from '#engine/model/ids.ts';
import type { Certificate, SliverAxis } from '#engine/model/walrus.ts';
import { encodeBlob } from '#engine/codec/rs2.ts';
import { sliverCodec } from '#engine/sliver-codec.ts';
import {
  placeAt,
  startScriptedCommittee,
  type ScriptedCommittee,
} from '#test/support/scripted-committee.ts';
import { refusal, signedAnswer, success, type Fault } from '#test/support/scripted-node.ts';
import { confirmationMessage } from './confirmation.ts';

const permanent = { kind: 'permanent' } as const;
const open: ScriptedCommittee[] = [];

async function start(weights: readonly number[]): Promise<ScriptedCommittee> {
  const committee = await startScriptedCommittee({ weights });
  open.push(committee);
  return committee;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((committee) => committee.close()));
});

const payload = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * 7 + 3) % 251);

function signersOf(certificate: Certificate): number[] {
  return [...certificate.signersBitmap].flatMap((byte, index) =>
    [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => byte & (1 << bit)).map((bit) => index * 8 + bit),
  );
}

async function expectGenuine(
  { committee }: ScriptedCommittee,
  certificate: Certificate,
): Promise<void> {
  const { message, signature } = certificate;
  const signers = signersOf(certificate);
  const publicKeys = signers.map((index) => committee.members[index]?.publicKey ?? Buffer.of());
  const holds = await sliverCodec.verifyAggregate(publicKeys, message, signature);
  expect(holds).toBe(true);
  const weight = signers.reduce((sum, i) => sum + (committee.members[i]?.shards.length ?? 0), 0);
  expect(certificate.shardWeight).toBe(weight);
  expect(3 * weight).toBeGreaterThanOrEqual(2 * committee.shardCount + 1);
}

describe('an upload', () => {
  test.each([
    { name: 'one node with all shards', weights: [4] },
    { name: 'four nodes of unequal weight', weights: [1, 2, 3, 7] },
    { name: 'as many nodes as shards', weights: Array.from({ length: 13 }, () => 1) },
    { name: 'nodes without any shards', weights: [0, 5, 0, 5, 3] },
  ])('stores every sliver at $name', async ({ weights }) => {
    const scripted = await start(weights);
    const blob = await encodeBlob(payload(3000), scripted.committee.shardCount);
    const network = scripted.connect();
    const { certificate, tail } = await network.upload(blob, {
      committee: scripted.committee,
      persistence: permanent,
    });
    await expectGenuine(scripted, certificate);
    expect(certificate.message).toEqual(confirmationMessage(blob.blobId, epoch(1), permanent));
    expect(await tail.done).toEqual({ storedShards: scripted.committee.shardCount });
    for (const { node, storageNode } of scripted.members) {
      const stored = node.blobs.get(blob.blobId)?.slivers ?? new Map<string, Uint8Array>();
      expect(stored.size).toBe(2 * storageNode.shards.length);
      for (const [key, bytes] of stored) {
        const [pair, axis] = key.split('-');
        expect(
          Buffer.compare(bytes, blob.sliver(sliverPairIndex(Number(pair)), axis as SliverAxis)),
        ).toBe(0);
      }
    }
  });

  test('sends the metadata before any sliver', async () => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload(500), 13);
    const { tail } = await scripted
      .connect()
      .upload(blob, { committee: scripted.committee, persistence: permanent });
    await tail.done;
    for (const { node } of scripted.members) {
      const routes = node.requests.map(({ method, route }) => `${method} ${route}`);
      expect(routes[0]).toBe('PUT metadata');
      expect(routes.at(-1)).toBe('GET confirmation');
    }
  });

  test('of a deletable blob asks for the confirmation of its object', async () => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload(500), 13);
    const persistence = { kind: 'deletable', blobObjectId: parseObjectId('0xab') } as const;
    const { certificate, tail } = await scripted
      .connect()
      .upload(blob, { committee: scripted.committee, persistence });
    await tail.done;
    expect(certificate.message).toHaveLength(72);
    await expectGenuine(scripted, certificate);
  });

  test('takes the certificate at the quorum while slow nodes are still storing', async () => {
    const scripted = await start([5, 4, 4]);
    const blob = await encodeBlob(payload(500), 13);
    const slow = Promise.withResolvers<undefined>();
    const last = scripted.members[2];
    if (last) last.node.fault = () => slow.promise;
    const { certificate, tail } = await scripted
      .connect({ limits: { answerTimeoutMs: 20_000 } })
      .upload(blob, { committee: scripted.committee, persistence: permanent });
    expect(signersOf(certificate)).toEqual([0, 1]);
    slow.resolve(undefined);
    expect(await tail.done).toEqual({ storedShards: 13 });
  });

  test('counts shards and not nodes', async () => {
    // Two of five nodes make the quorum: three small ones are dead.
    const scripted = await start([5, 4, 2, 1, 1]);
    const blob = await encodeBlob(payload(500), 13);
    for (const { node } of scripted.members.slice(2)) node.fault = () => 'reset';
    const { certificate, tail } = await scripted
      .connect()
      .upload(blob, { committee: scripted.committee, persistence: permanent });
    expect(signersOf(certificate)).toEqual([0, 1]);
    expect(await tail.done).toEqual({ storedShards: 9 });
  });

  test.each<{ name: string; fault: () => Fault }>([
    { name: 'hang', fault: () => 'hang' },
    { name: 'reset every connection', fault: () => 'reset' },
    { name: 'answer server errors', fault: () => ({ status: 500, body: 'boom' }) },
    {
      name: 'refuse with plain text',
      fault: () => ({ status: 400, body: 'no', contentType: 'text/plain' }),
    },
    { name: 'answer nonsense', fault: () => ({ status: 200, body: '{"success":' }) },
  ])('succeeds while nodes with f shards $name', async ({ fault }) => {
    const scripted = await start([3, 3, 3, 2, 2]);
    const blob = await encodeBlob(payload(2000), 13);
    for (const { node } of scripted.members.slice(3)) node.fault = fault;
    const { certificate, tail } = await scripted
      .connect()
      .upload(blob, { committee: scripted.committee, persistence: permanent });
    expect(signersOf(certificate)).toEqual([0, 1, 2]);
    tail.stop();
    expect(await tail.done).toEqual({ storedShards: 9 });
  });

  test('does not wait for hung nodes, even where they hold all the bytes allowed under way', async () => {
    const scripted = await start([3, 3, 3, 2, 2]);
    const blob = await encodeBlob(payload(600_000), 13);
    for (const { node } of scripted.members.slice(3)) {
      node.fault = ({ route }) => (route === 'sliver' ? 'hang' : undefined);
    }
    const network = scripted.connect({
      limits: {
        answerTimeoutMs: 600_000,
        inFlightBytesMax: 250_000,
        setAsideBytesMax: 750_000,
      },
    });
    const { certificate, tail } = await network.upload(blob, {
      committee: scripted.committee,
      persistence: permanent,
    });
    expect(certificate.shardWeight).toBe(9);
    tail.stop();
    expect(await tail.done).toEqual({ storedShards: 9 });
  });

  test('fails with quorum-missing and names the nodes once more than f shards are lost', async () => {
    const scripted = await start([4, 4, 3, 2]);
    const blob = await encodeBlob(payload(500), 13);
    for (const { node } of scripted.members.slice(2))
      node.fault = () => refusal(400, 'INVALID_BLOB');
    const attempt = scripted
      .connect()
      .upload(blob, { committee: scripted.committee, persistence: permanent });
    await expect(attempt).rejects.toMatchObject({
      code: 'quorum-missing',
      context: {
        failedShards: 5,
        failedNodes: 2,
        failures: expect.stringContaining('INVALID_BLOB') as string,
      },
    });
  });

  test('does not fail early while the quorum is still possible', async () => {
    const scripted = await start([9, 2, 1, 1]);
    const blob = await encodeBlob(payload(500), 13);
    for (const { node } of scripted.members.slice(1))
      node.fault = () => refusal(400, 'INVALID_BLOB');
    const { certificate } = await scripted
      .connect()
      .upload(blob, { committee: scripted.committee, persistence: permanent });
    expect(certificate.shardWeight).toBe(9);
  });

  test('waits for nodes that have not heard of the registration', async () => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload(500), 13);
    for (const { node } of scripted.members) {
      node.fault = ({ method, route, earlier }) =>
        method === 'PUT' && route === 'metadata' && earlier < 12
          ? refusal(400, 'NOT_REGISTERED')
          : undefined;
    }
    const { tail } = await scripted
      .connect()
      .upload(blob, { committee: scripted.committee, persistence: permanent });
    expect(await tail.done).toEqual({ storedShards: 13 });
  });

  test.each<{ name: string; fault: Fault }>([
    { name: 'an overloaded node', fault: { status: 429, body: '' } },
    { name: 'a full cache', fault: refusal(400, 'CACHE_SATURATED') },
    { name: 'a server error', fault: { status: 503, body: 'later', contentType: 'text/plain' } },
    { name: 'a reset connection', fault: 'reset' },
    { name: 'silence', fault: 'hang' },
  ])('repeats a sliver after $name', async ({ fault }) => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload(500), 13);
    for (const { node } of scripted.members) {
      node.fault = ({ method, route, earlier }) =>
        method === 'PUT' && route === 'sliver' && earlier === 1 ? fault : undefined;
    }
    const { tail } = await scripted
      .connect()
      .upload(blob, { committee: scripted.committee, persistence: permanent });
    expect(await tail.done).toEqual({ storedShards: 13 });
  });

  test('sends the metadata again to a node that forgot it', async () => {
    const scripted = await start([13]);
    const blob = await encodeBlob(payload(500), 13);
    const [member] = scripted.members;
    if (member === undefined) throw new Error('no member');
    member.node.fault = ({ method, route, earlier, blobId }) => {
      if (method === 'PUT' && route === 'sliver' && earlier === 3) {
        delete member.node.store(blobId).metadata;
      }
      return undefined;
    };
    const { tail } = await scripted
      .connect()
      .upload(blob, { committee: scripted.committee, persistence: permanent });
    expect(await tail.done).toEqual({ storedShards: 13 });
  });

  test('accepts 200 for what is new and 202 for what is buffered', async () => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload(500), 13);
    for (const [index, { node }] of scripted.members.entries()) {
      node.fault = (request) => {
        if (request.method !== 'PUT' || request.route !== 'sliver') return undefined;
        node
          .store(request.blobId)
          .slivers.set(`${String(request.pair)}-${request.axis}`, request.body);
        return success('sliver stored successfully', index % 2 === 0 ? 200 : 202);
      };
    }
    const { tail } = await scripted
      .connect()
      .upload(blob, { committee: scripted.committee, persistence: permanent });
    expect(await tail.done).toEqual({ storedShards: 13 });
  });

  test('sends everything after a stale status made it skip slivers', async () => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload(120_000), 13);
    for (const { node } of scripted.members) {
      // The metadata outlived a deletion, and so did the word of the slivers.
      node.store(blob.blobId).metadata = blob.metadata;
      node.fault = ({ route }) => (route === 'sliver-status' ? success('stored') : undefined);
    }
    const { tail } = await scripted
      .connect()
      .upload(blob, { committee: scripted.committee, persistence: permanent });
    expect(await tail.done).toEqual({ storedShards: 13 });
  });

  test('sends no sliver to a node that confirms at once', async () => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload(120_000), 13);
    scripted.place(blob);
    const { tail } = await scripted.connect().upload(blob, {
      committee: scripted.committee,
      persistence: permanent,
      knownStored: new Set(scripted.committee.members.slice(0, 2).map(({ nodeId }) => nodeId)),
    });
    expect(await tail.done).toEqual({ storedShards: 13 });
    const sent = scripted.members.map(({ node }) =>
      node.requests.filter(({ method }) => method === 'PUT').map(({ route }) => route),
    );
    expect(sent).toEqual([[], [], ['metadata'], ['metadata']]);
  });

  test('reports progress up to all bytes and shards', async () => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload(5000), 13);
    const seen: { sentBytes: number; totalBytes: number; confirmedShards: number }[] = [];
    const { tail } = await scripted.connect().upload(blob, {
      committee: scripted.committee,
      persistence: permanent,
      onProgress: (progress) => seen.push(progress),
    });
    await tail.done;
    const last = seen.at(-1);
    expect(last?.sentBytes).toBe(last?.totalBytes);
    expect(last?.confirmedShards).toBe(13);
  });

  test('keeps the bytes under way bounded', async () => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload(600_000), 13);
    const network = scripted.connect({
      limits: { nodeConnectionsMax: 3, inFlightBytesMax: 300_000 },
    });
    const { tail } = await network.upload(blob, {
      committee: scripted.committee,
      persistence: permanent,
    });
    expect(await tail.done).toEqual({ storedShards: 13 });
    for (const { node } of scripted.members) expect(node.concurrencyMax).toBeLessThanOrEqual(3);
  });

  test('rejects with the reason when aborted, and sends nothing afterwards', async () => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload(500), 13);
    for (const { node } of scripted.members) {
      node.fault = ({ route }) => (route === 'sliver' ? 'hang' : undefined);
    }
    const controller = new AbortController();
    const attempt = scripted.connect().upload(blob, {
      committee: scripted.committee,
      persistence: permanent,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(attempt).rejects.toHaveProperty('name', 'AbortError');
  });

  test('ends with its network, tail included', async () => {
    const scripted = await start([9, 4]);
    const blob = await encodeBlob(payload(500), 13);
    const [, second] = scripted.members;
    if (second) second.node.fault = () => 'hang';
    const network = scripted.connect();
    const { tail } = await network.upload(blob, {
      committee: scripted.committee,
      persistence: permanent,
    });
    await network.close();
    expect(await tail.done).toEqual({ storedShards: 9 });
  });
});

describe('a confirmation', () => {
  const confirmationFault =
    (answer: (kind: string) => Promise<Fault>) =>
    ({ route, query }: { route: string; query: URLSearchParams }) =>
      route === 'confirmation' ? answer(query.get('kind') ?? '') : undefined;

  test('that is forged does not count, and the others still make the certificate', async () => {
    const scripted = await start([3, 3, 3, 2, 2]);
    const blob = await encodeBlob(payload(500), 13);
    const [forger, , , other] = scripted.members;
    if (!forger || !other) throw new Error('no members');
    // Signed by somebody else's key: a valid point, the right message, the wrong signer.
    forger.node.fault = confirmationFault((kind) => signedAnswer(1, blob.blobId, kind, other.sign));
    const network = scripted.connect();
    const { certificate, tail } = await network.upload(blob, {
      committee: scripted.committee,
      persistence: permanent,
    });
    await tail.done;
    expect(signersOf(certificate)).not.toContain(0);
    await expectGenuine(scripted, certificate);
    const health = network.nodeHealth().find(({ name }) => name === 'scripted-0');
    expect(health).toMatchObject({
      invalidAnswerCount: 1,
      lastError: { code: 'node-invalid-answer' },
    });
  });

  test.each<{ name: string; signature: string }>([
    { name: 'zeros', signature: Buffer.alloc(96).toString('base64') },
    { name: 'ones', signature: Buffer.alloc(96, 0xff).toString('base64') },
    { name: 'too short', signature: Buffer.alloc(48).toString('base64') },
    { name: 'not base64', signature: '!'.repeat(128) },
  ])('whose signature is $name does not count', async ({ signature }) => {
    const scripted = await start([9, 4]);
    const blob = await encodeBlob(payload(500), 13);
    const [, forger] = scripted.members;
    if (!forger) throw new Error('no member');
    const message = confirmationMessage(blob.blobId, epoch(1), permanent);
    const serializedMessage = Buffer.from(message).toString('base64');
    forger.node.fault = ({ route }) =>
      route === 'confirmation' ? success({ signed: { serializedMessage, signature } }) : undefined;
    const { certificate, tail } = await scripted
      .connect()
      .upload(blob, { committee: scripted.committee, persistence: permanent });
    expect(signersOf(certificate)).toEqual([0]);
    expect(await tail.done).toEqual({ storedShards: 9 });
  });

  test('of more than f forgers ends in quorum-missing', async () => {
    const scripted = await start([4, 4, 3, 2]);
    const blob = await encodeBlob(payload(500), 13);
    const stranger = scripted.members[0]?.sign;
    if (!stranger) throw new Error('no member');
    for (const { node } of scripted.members.slice(2)) {
      node.fault = confirmationFault((kind) => signedAnswer(1, blob.blobId, kind, stranger));
    }
    const attempt = scripted
      .connect()
      .upload(blob, { committee: scripted.committee, persistence: permanent });
    await expect(attempt).rejects.toMatchObject({
      code: 'quorum-missing',
      context: { failures: expect.stringContaining('forged') as string },
    });
  });

  test.each([
    { name: 'the other kind of persistence', kind: () => 'deletable/0x' + 'ab'.repeat(32) },
    { name: 'another object', kind: () => 'deletable/0x' + 'cd'.repeat(32) },
  ])('that is signed for $name does not count', async ({ kind }) => {
    const scripted = await start([9, 4]);
    const blob = await encodeBlob(payload(500), 13);
    const [, lax] = scripted.members;
    if (!lax) throw new Error('no member');
    lax.node.fault = confirmationFault(() => signedAnswer(1, blob.blobId, kind(), lax.sign));
    const { certificate, tail } = await scripted
      .connect()
      .upload(blob, { committee: scripted.committee, persistence: permanent });
    expect(signersOf(certificate)).toEqual([0]);
    expect(await tail.done).toEqual({ storedShards: 9 });
  });

  test('of a node that lags an epoch behind is asked for again', async () => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload(500), 13);
    for (const { node } of scripted.members) {
      node.epoch = 0;
      node.fault = ({ route, earlier }) => {
        if (route === 'confirmation' && earlier === 2) node.epoch = 1;
        return undefined;
      };
    }
    const { tail } = await scripted
      .connect()
      .upload(blob, { committee: scripted.committee, persistence: permanent });
    expect(await tail.done).toEqual({ storedShards: 13 });
  });
});

describe('an epoch change in the middle of an upload', () => {
  test('is reported after the data is stored, and the confirmations are asked for again', async () => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload(500), 13);
    for (const { node } of scripted.members) node.epoch = 2;
    const network = scripted.connect();
    const options = { committee: scripted.committee, persistence: permanent };
    await expect(network.upload(blob, options)).rejects.toMatchObject({
      code: 'epoch-changed',
      context: { epoch: 1, nodesEpoch: 2 },
    });
    const committee = { ...scripted.committee, epoch: epoch(2) };
    const certificate = await network.requestConfirmations(blob, { ...options, committee });
    expect(certificate.epoch).toBe(2);
    await expectGenuine(scripted, certificate);
  });

  test('is not believed of nodes with f shards', async () => {
    const scripted = await start([3, 3, 3, 2, 2]);
    const blob = await encodeBlob(payload(500), 13);
    for (const { node } of scripted.members.slice(3)) node.epoch = 7;
    const { certificate } = await scripted
      .connect()
      .upload(blob, { committee: scripted.committee, persistence: permanent });
    expect(signersOf(certificate)).toEqual([0, 1, 2]);
  });

  test('that moved the shards away is recognised by the refusal of slivers', async () => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload(500), 13);
    for (const { node } of scripted.members) {
      node.epoch = 2;
      node.fault = ({ route }) =>
        route === 'sliver' ? refusal(400, 'SHARD_NOT_ASSIGNED') : undefined;
    }
    const attempt = scripted
      .connect()
      .upload(blob, { committee: scripted.committee, persistence: permanent });
    await expect(attempt).rejects.toHaveProperty('code', 'epoch-changed');
  });
});

describe('a node that lags behind the epoch change', () => {
  test('and does not know its new shards yet is waited for', async () => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload(500), 13);
    for (const { node } of scripted.members) {
      node.epoch = 0;
      node.fault = ({ route, earlier }) => {
        if (route === 'health' && earlier === 1) node.epoch = 1;
        return route === 'sliver' && node.epoch === 0
          ? refusal(400, 'SHARD_NOT_ASSIGNED')
          : undefined;
      };
    }
    const { tail } = await scripted
      .connect()
      .upload(blob, { committee: scripted.committee, persistence: permanent });
    expect(await tail.done).toEqual({ storedShards: 13 });
  });
});

describe('asking for confirmations', () => {
  test('makes the certificate of data that is already there', async () => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload(500), 13);
    scripted.place(blob);
    const certificate = await scripted
      .connect()
      .requestConfirmations(blob, { committee: scripted.committee, persistence: permanent });
    await expectGenuine(scripted, certificate);
  });

  test('ends in quorum-missing where slivers are missing', async () => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload(500), 13);
    for (const { node, storageNode } of scripted.members.slice(2)) placeAt(node, storageNode, blob);
    const attempt = scripted
      .connect()
      .requestConfirmations(blob, { committee: scripted.committee, persistence: permanent });
    await expect(attempt).rejects.toMatchObject({
      code: 'quorum-missing',
      context: { failures: expect.stringContaining('misses slivers') as string },
    });
  });
});
