import { describe, expect, test } from 'vitest';
import { chooseWay, directBytes, type UploadFacts } from './upload-choice.ts';

const MIB = 1024 * 1024;
const facts: UploadFacts = {
  wish: { way: 'auto', tipMaxMist: 1_000 },
  offer: { kind: 'offered', tipMist: 100n },
  uplinkBytesPerSecond: MIB,
  directBytes: 150 * MIB,
  relayBytes: 32 * MIB,
};

describe('the way of a pack', () => {
  const rows: readonly {
    readonly name: string;
    readonly changed: Partial<UploadFacts>;
    readonly expected: ReturnType<typeof chooseWay>;
  }[] = [
    {
      name: 'by relay where direct takes minutes',
      changed: {},
      expected: { way: 'relay', because: 'slow-uplink' },
    },
    {
      name: 'by relay before its terms are known, which is why they are asked for',
      changed: { offer: { kind: 'unasked' } },
      expected: { way: 'relay', because: 'slow-uplink' },
    },
    {
      name: 'direct until the line was measured',
      changed: { uplinkBytesPerSecond: undefined },
      expected: { way: 'direct', because: 'unmeasured' },
    },
    {
      name: 'direct where that takes a minute',
      changed: { uplinkBytesPerSecond: 2.5 * MIB },
      expected: { way: 'direct', because: 'fast-enough' },
    },
    {
      name: 'by relay where that takes a little more than a minute',
      changed: { uplinkBytesPerSecond: 2.49 * MIB },
      expected: { way: 'relay', because: 'slow-uplink' },
    },
    {
      name: 'direct where a relay is not twice as fast',
      changed: { relayBytes: 75 * MIB },
      expected: { way: 'direct', because: 'fast-enough' },
    },
    {
      name: 'by relay where it is a little more than twice as fast',
      changed: { relayBytes: 74 * MIB },
      expected: { way: 'relay', because: 'slow-uplink' },
    },
    {
      name: 'direct where the tip is above the most that was allowed',
      changed: { offer: { kind: 'offered', tipMist: 1_001n } },
      expected: { way: 'direct', because: 'tip-too-high' },
    },
    {
      name: 'by relay where the tip is just what was allowed',
      changed: { offer: { kind: 'offered', tipMist: 1_000n } },
      expected: { way: 'relay', because: 'slow-uplink' },
    },
    {
      name: 'direct where the network has no relay',
      changed: { offer: { kind: 'none' } },
      expected: { way: 'direct', because: 'no-relay' },
    },
    {
      name: 'direct for a while after a relay failed',
      changed: { offer: { kind: 'failing' } },
      expected: { way: 'direct', because: 'relay-failed' },
    },
    {
      name: 'as it was set, however slow the line',
      changed: { wish: { way: 'direct', tipMaxMist: 1_000 } },
      expected: { way: 'direct', because: 'set' },
    },
    {
      name: 'as it was set, however fast the line',
      changed: { wish: { way: 'relay', tipMaxMist: 1_000 }, uplinkBytesPerSecond: 1_000 * MIB },
      expected: { way: 'relay', because: 'set' },
    },
  ];

  test.each(rows)('is $name', ({ changed, expected }) => {
    expect(chooseWay({ ...facts, ...changed })).toEqual(expected);
  });
});

describe('what leaves this machine directly', () => {
  // Figures of the protocol: slivers of 32 MiB at 1000 shards have 101,384 and 50,768 bytes.
  test.each([
    { name: '1000 shards on 100 nodes', shardCount: 1000, nodeCount: 100, slivers: 152_152_000 },
    { name: '100 shards on 16 nodes', shardCount: 100, nodeCount: 16, slivers: 148_773_000 },
  ])(
    'is every sliver, and the metadata once a node: $name',
    ({ shardCount, nodeCount, slivers }) => {
      const metadata = nodeCount * (64 * shardCount + 32);
      expect(directBytes(32 * MIB, shardCount, nodeCount)).toBe(slivers + metadata);
    },
  );
});
