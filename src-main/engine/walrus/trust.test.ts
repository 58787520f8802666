/**
 * @file Who is believed to be a storage node: certificates on real TLS sockets, and addresses.
 */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { encodeBlob } from '#engine/codec/rs2.ts';
import {
  makeTlsIdentity,
  startScriptedCommittee,
  type ScriptedCommittee,
} from '#test/support/scripted-committee.ts';
import { nodeOrigin } from './trust.ts';

const open: ScriptedCommittee[] = [];

async function start(weights: readonly number[]): Promise<ScriptedCommittee> {
  const committee = await startScriptedCommittee({ weights, isHttps: true });
  open.push(committee);
  return committee;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((committee) => committee.close()));
});

const permanent = { kind: 'permanent' } as const;
const payload = Buffer.from('what must not go to a stranger');

describe('pinned trust', () => {
  test('accepts certificates that the nodes signed themselves for their on-chain keys', async () => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload, 13);
    const { committee } = scripted;
    const network = scripted.connect();
    const { tail } = await network.upload(blob, { committee, persistence: permanent });
    expect(await tail.done).toEqual({ storedShards: 13 });
    const bytes = await network.readBlob(blob.blobId, { committee });
    expect(Buffer.compare(bytes, payload)).toBe(0);
  });

  test('refuses a swapped certificate before sending anything, and counts the node as lying', async () => {
    const scripted = await start([9, 4]);
    const blob = await encodeBlob(payload, 13);
    const stranger = await makeTlsIdentity();
    const committee = {
      ...scripted.committee,
      members: scripted.committee.members.map((member, index) =>
        index === 1 ? { ...member, networkPublicKey: stranger.networkPublicKey } : member,
      ),
    };
    const network = scripted.connect();
    const { certificate, tail } = await network.upload(blob, { committee, persistence: permanent });
    expect(await tail.done).toEqual({ storedShards: 9 });
    expect(certificate.shardWeight).toBe(9);
    expect(scripted.members[1]?.node.requests).toEqual([]);
    const health = network.nodeHealth().find(({ name }) => name === 'scripted-1');
    expect(health?.lastError?.code).toBe('node-invalid-answer');
    expect(health?.invalidAnswerCount).toBe(1);
  });

  test('refuses a key that differs in its sign only', async () => {
    const scripted = await start([13]);
    const blob = await encodeBlob(payload, 13);
    const committee = {
      ...scripted.committee,
      members: scripted.committee.members.map((member) => {
        const flipped = Buffer.from(member.networkPublicKey);
        flipped[0] = (flipped[0] ?? 0) ^ 1;
        return { ...member, networkPublicKey: flipped };
      }),
    };
    const attempt = scripted.connect().upload(blob, { committee, persistence: permanent });
    await expect(attempt).rejects.toHaveProperty('code', 'quorum-missing');
  });

  test('survives a node that is not there, and one that is killed later', async () => {
    const scripted = await start([9, 2, 2]);
    const blob = await encodeBlob(payload, 13);
    await scripted.members[1]?.node.close();
    const { committee } = scripted;
    const network = scripted.connect();
    const { tail } = await network.upload(blob, { committee, persistence: permanent });
    expect(await tail.done).toEqual({ storedShards: 11 });
    const lost = network.nodeHealth().find(({ name }) => name === 'scripted-1');
    expect(lost?.lastError?.code).toBe('node-unreachable');
    await scripted.members[2]?.node.close();
    const bytes = await network.readBlob(blob.blobId, { committee });
    expect(Buffer.compare(bytes, payload)).toBe(0);
  });

  test('does not fit plain http', async () => {
    const scripted = await start([13]);
    expect(() => scripted.connect({ scheme: 'http', trust: 'pinned' })).toThrow(
      expect.objectContaining({ code: 'network-file-invalid' }) as Error,
    );
  });
});

describe('trust in public authorities', () => {
  test('refuses a certificate that the node signed itself', async () => {
    const scripted = await start([13]);
    const blob = await encodeBlob(payload, 13);
    const { committee } = scripted;
    const network = scripted.connect({ trust: 'public-ca' });
    const attempt = network.upload(blob, { committee, persistence: permanent });
    await expect(attempt).rejects.toHaveProperty('code', 'quorum-missing');
    expect(scripted.members[0]?.node.requests).toEqual([]);
  });
});

describe('no trust', () => {
  test('accepts any certificate', async () => {
    const scripted = await start([13]);
    const blob = await encodeBlob(payload, 13);
    const stranger = await makeTlsIdentity();
    const committee = {
      ...scripted.committee,
      members: scripted.committee.members.map((member) => ({
        ...member,
        networkPublicKey: stranger.networkPublicKey,
      })),
    };
    const network = scripted.connect({ trust: 'none' });
    const { tail } = await network.upload(blob, { committee, persistence: permanent });
    expect(await tail.done).toEqual({ storedShards: 13 });
  });

  test('still fails at a server that speaks no TLS that we know', async () => {
    const scripted = await start([13]);
    const blob = await encodeBlob(payload, 13);
    const identity = await makeTlsIdentity();
    const old = createServer({ ...identity.tls, maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' });
    await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${String((old.address() as AddressInfo).port)}`;
    const committee = {
      ...scripted.committee,
      members: scripted.committee.members.map((member) => ({ ...member, networkAddress: address })),
    };
    const attempt = scripted
      .connect({ trust: 'none' })
      .upload(blob, { committee, persistence: permanent });
    await expect(attempt).rejects.toHaveProperty('code', 'quorum-missing');
    old.close();
  });
});

describe('an on-chain address', () => {
  test.each([
    {
      name: 'a name',
      address: 'node-1.example.org:9185',
      origin: 'https://node-1.example.org:9185',
    },
    { name: 'an IPv4 address', address: '127.0.0.1:1', origin: 'https://127.0.0.1:1' },
    { name: 'an IPv6 address', address: '[::1]:65535', origin: 'https://[::1]:65535' },
    { name: 'without a port', address: 'example.org', origin: undefined },
    { name: 'with port 0', address: 'example.org:0', origin: undefined },
    { name: 'with a port too high', address: 'example.org:65536', origin: undefined },
    { name: 'with a path', address: 'example.org:80/v1', origin: undefined },
    { name: 'with credentials', address: 'me@example.org:80', origin: undefined },
    { name: 'with a line break', address: 'example.org:80\r\nx', origin: undefined },
    { name: 'with a scheme', address: 'http://example.org:80', origin: undefined },
    { name: 'that is empty', address: '', origin: undefined },
    { name: 'that is too long', address: `${'a'.repeat(300)}:80`, origin: undefined },
  ])('$name gives the origin or none', ({ address, origin }) => {
    expect(nodeOrigin('https', address)).toBe(origin);
  });
});
