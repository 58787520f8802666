import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseObjectId } from '#engine/model/ids.ts';
import {
  recordedNetwork,
  recordedObject,
  silentLogger,
  startRecordedChain,
  type RecordedChain,
} from '#test/support/recorded-chain.ts';
import { scriptedClock } from '#test/support/scripted-clock.ts';
import { openChain, type Chain } from './chain.ts';

let nodes: [RecordedChain, RecordedChain];
let chain: Chain;
const blob = recordedObject('Blob permanent certified');
const blobId = parseObjectId(blob.objectId);

beforeEach(async () => {
  nodes = [await startRecordedChain(), await startRecordedChain()];
  chain = openChain(recordedNetwork(nodes[0].url, nodes[1].url), {
    clock: scriptedClock(),
    logger: silentLogger,
  });
});
afterEach(async () => {
  await Promise.all(nodes.map((node) => node.close()));
});

/** The blob as if it ended in epoch 9 instead of 6. */
function withLaterEnd(): typeof blob {
  const bytes = Buffer.from(blob.bcsBase64, 'base64');
  // Behind id 32, epoch 4, blob ID 32, size 8, type 1, certified 5, storage id 32, start 4.
  bytes.writeUInt32LE(9, 118);
  return { ...blob, bcsBase64: bytes.toString('base64') };
}

describe('two endpoints', () => {
  test('that say the same are believed', async () => {
    expect((await chain.readSystem()).epoch).toBe(1);
    expect((await chain.readBlobObjects([blobId])).get(blobId)?.endEpoch).toBe(6);
    expect(nodes.map((node) => node.count('sui_multiGetObjects') > 0)).toEqual([true, true]);
  });

  test('of which one invents a later end are not believed', async () => {
    nodes[1].objects.set(blob.objectId, withLaterEnd());
    await expect(chain.readBlobObjects([blobId])).rejects.toMatchObject({
      code: 'rpc-disagreement',
    });
  });

  test('of which one lags are asked again until they agree', async () => {
    nodes[0].objects.set(blob.objectId, withLaterEnd());
    let calls = 0;
    nodes[1].on('sui_multiGetObjects', () => {
      // The state reads come first; from the third reading on the node has caught up.
      calls += 1;
      if (calls === 3) nodes[1].objects.set(blob.objectId, withLaterEnd());
      return 'recorded';
    });
    expect((await chain.readBlobObjects([blobId])).get(blobId)?.endEpoch).toBe(9);
  });

  test('of which one is silent give no answer where both are needed', async () => {
    await nodes[1].close();
    await expect(chain.readSystem()).rejects.toMatchObject({ code: 'rpc-unreachable' });
  });

  test('of which the first is silent still serve where one suffices', async () => {
    await nodes[0].close();
    expect((await chain.readSystem({ agreement: 'any' })).epoch).toBe(1);
  });

  test('of different chains are told apart', async () => {
    nodes[1].on('sui_getChainIdentifier', () => ({ result: '35834a8a' }));
    await expect(chain.chainIdentifier()).rejects.toMatchObject({ code: 'rpc-disagreement' });
  });

  test('report the older of their checkpoints', async () => {
    nodes[1].on('sui_getLatestCheckpointSequenceNumber', () => ({ result: '5200' }));
    expect(await chain.latestCheckpoint()).toBe(5200n);
  });
});
