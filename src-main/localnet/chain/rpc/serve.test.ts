/**
 * Goal: the RPC answers as a full node does, in both formats of gRPC-web and over JSON-RPC, and
 * its faults are the ones that clients must survive.
 * Method: the published clients and raw requests over real sockets; the clock is the test's.
 */
import { request } from 'node:https';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { requestSuiFromFaucetV2 } from '@mysten/sui/faucet';
import { SuiGrpcClient } from '@mysten/sui/grpc';
import { SuiJsonRpcClient } from '@mysten/sui/jsonRpc';
import { Transaction } from '@mysten/sui/transactions';
import { createCertificate, generateNetworkKey } from '#localnet/nodes/tls-certificate.ts';
import { openLocalChain, registerBlob, type LocalChain } from '#test/support/local-chain.ts';
import { serveFaucet, serveRpc, type RpcServer } from './serve.ts';

let local: LocalChain;
let json: SuiJsonRpcClient;
beforeAll(async () => {
  local = await openLocalChain();
  json = new SuiJsonRpcClient({ network: 'localnet', url: local.rpc.url });
});
afterAll(async () => {
  await local.close();
});
afterEach(() => {
  local.faults.dropReply(0);
  local.faults.setLagMs(0);
});

interface Page {
  readonly objects: readonly { readonly objectId: string }[];
  readonly hasNextPage: boolean;
  readonly cursor: string | null;
}

const clients = () => [local.client, json] as const;

async function post(
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  contentType: string,
): Promise<Response> {
  return fetch(`${local.rpc.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': contentType },
    body,
  });
}

describe('both transports', () => {
  test('tell the same of objects, coins and dynamic fields', async () => {
    await registerBlob(local, { rootByte: 1 });
    const { systemObjectId } = local.chain.networkIds;
    const answers = await Promise.all(
      clients().map(async ({ core }) => ({
        objects: await core.getObjects({
          objectIds: [systemObjectId],
          include: { content: true, previousTransaction: true, objectBcs: true },
        }),
        coins: await core.listCoins({ owner: local.owner, coinType: local.walType }),
        balance: (await core.getBalance({ owner: local.owner })).balance.balance,
        fields: (await core.listDynamicFields({ parentId: systemObjectId })).dynamicFields.map(
          ({ fieldId, type }) => ({ fieldId, type: type.replaceAll(', ', ',') }),
        ),
        owned: (await core.listOwnedObjects({ owner: local.owner })).objects.map(
          ({ objectId }) => objectId,
        ),
        price: await core.getReferenceGasPrice(),
        chain: await core.getChainIdentifier(),
        epoch: (await core.getCurrentSystemState()).systemState.epoch,
        metadata: (await core.getCoinMetadata({ coinType: local.walType })).coinMetadata?.decimals,
      })),
    );
    // JSON-RPC gives the initial version of a shared object as a number.
    const [grpc, rpc] = answers.map(
      (answer) =>
        JSON.parse(JSON.stringify(answer), (key, value: unknown) =>
          key === 'initialSharedVersion' ? String(value) : value,
        ) as unknown,
    );
    expect(grpc).toEqual(rpc);
    expect(answers[0]?.chain.chainIdentifier).toBe(local.chain.chainIdentifier);
  });

  test('describe functions alike', async () => {
    const asked = {
      packageId: local.walrusPackage,
      moduleName: 'system',
      name: 'register_blob',
    };
    const [grpc, rpc] = await Promise.all(
      clients().map(async ({ core }) => (await core.getMoveFunction(asked)).function),
    );
    expect(grpc?.parameters).toEqual(rpc?.parameters);
    expect(grpc?.returns).toEqual(rpc?.returns);
    expect(grpc?.parameters).toHaveLength(9);
  });

  test('list what an address owns in pages, and of one type', async () => {
    const ids = [];
    for (const rootByte of [2, 3, 4]) ids.push(await registerBlob(local, { rootByte }));
    const type = `${local.walrusPackage}::blob::Blob`;
    for (const { core } of clients()) {
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const page: Page = await core.listOwnedObjects({
          owner: local.owner,
          type,
          limit: 2,
          cursor,
        });
        expect(page.objects.length).toBeLessThanOrEqual(2);
        seen.push(...page.objects.map(({ objectId }) => objectId));
        cursor = page.hasNextPage ? page.cursor : null;
      } while (cursor !== null);
      expect(seen).toEqual(seen.toSorted());
      expect(seen).toEqual(expect.arrayContaining(ids));
      const generic = await core.listOwnedObjects({ owner: local.owner, type: '0x2::coin::Coin' });
      expect(generic.objects.length).toBeGreaterThan(0);
      expect(generic.objects.every((object) => object.type.includes('::coin::Coin<'))).toBe(true);
    }
  });

  test('have no answer for objects and transactions that do not exist', async () => {
    const objectId = `0x${'0f'.repeat(32)}`;
    for (const { core } of clients()) {
      const { objects } = await core.getObjects({ objectIds: [objectId] });
      expect(objects[0]).toMatchObject({ reason: 'notFound' });
      await expect(
        core.getTransaction({ digest: '11111111111111111111111111111111' }),
      ).rejects.toThrow(/not ?found/i);
    }
  });

  test('tell of an executed transaction what the other tells', async () => {
    const transaction = new Transaction();
    transaction.transferObjects([transaction.splitCoins(transaction.gas, [5])], local.owner);
    const done = await local.client.core.signAndExecuteTransaction({
      transaction,
      signer: local.signer,
    });
    const digest = done.Transaction?.digest ?? '';
    const include = {
      effects: true,
      balanceChanges: true,
      events: true,
      transaction: true,
      bcs: true,
      objectTypes: true,
    } as const;
    const [grpc, rpc] = await Promise.all(
      clients().map(
        async ({ core }) => (await core.getTransaction({ digest, include })).Transaction,
      ),
    );
    expect(grpc?.effects?.bcs).toEqual(rpc?.effects?.bcs);
    expect(grpc?.effects?.gasUsed).toEqual(rpc?.effects?.gasUsed);
    expect(grpc?.bcs).toEqual(rpc?.bcs);
    expect(grpc?.signatures).toEqual(rpc?.signatures);
    expect(grpc?.balanceChanges).toEqual(rpc?.balanceChanges);
    expect(grpc?.transaction?.commands).toEqual(rpc?.transaction?.commands);
    expect(grpc?.checkpoint).toBe(rpc?.checkpoint);
  });
});

describe('gRPC-web', () => {
  test('is spoken in binary too', async () => {
    const binary = new SuiGrpcClient({
      network: 'localnet',
      baseUrl: local.rpc.url,
      fetchInit: {},
    });
    const message = await post(
      '/sui.rpc.v2.LedgerService/GetServiceInfo',
      new Uint8Array(5),
      'application/grpc-web+proto',
    );
    expect(message.headers.get('content-type')).toBe('application/grpc-web+proto');
    const bytes = new Uint8Array(await message.arrayBuffer());
    expect(bytes[0]).toBe(0);
    expect(new TextDecoder().decode(bytes.slice(-15))).toBe('grpc-status:0\r\n');
    expect((await binary.core.getReferenceGasPrice()).referenceGasPrice).toBe('1000');
  });

  test.each([
    { name: 'an unknown method', path: '/sui.rpc.v2.LedgerService/Nothing', status: '12' },
    { name: 'an unknown service', path: '/other.Service/GetObject', status: '12' },
    { name: 'an inherited name', path: '/sui.rpc.v2.LedgerService/toString', status: '12' },
  ])('has a status for $name', async ({ path, status }) => {
    const answer = await post(path, new Uint8Array(5), 'application/grpc-web+proto');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('grpc-status')).toBe(status);
  });

  test('refuses a frame that is not whole', async () => {
    const answer = await post(
      '/sui.rpc.v2.LedgerService/GetObject',
      Uint8Array.of(0, 0, 0, 0, 9, 1),
      'application/grpc-web+proto',
    );
    expect(answer.headers.get('grpc-status')).toBe('3');
  });

  test('refuses a transaction by status and says why', async () => {
    const refused = local.client.core.executeTransaction({
      transaction: new Uint8Array(3),
      signatures: [],
    });
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('finds a checkpoint by number and the newest one', async () => {
    const { ledgerService } = local.client;
    const first = await ledgerService.getCheckpoint({
      checkpointId: { oneofKind: 'sequenceNumber', sequenceNumber: 0n },
    });
    expect(first.response.checkpoint?.digest).toBe(local.chain.chainIdentifier);
    const newest = await ledgerService.getCheckpoint({ checkpointId: { oneofKind: undefined } });
    expect(newest.response.checkpoint?.sequenceNumber).toBe(
      BigInt(local.chain.view.latestCheckpoint),
    );
  });
});

describe('JSON-RPC', () => {
  const call = async (body: unknown): Promise<unknown> => {
    const answer = await post('/', JSON.stringify(body), 'application/json');
    return answer.json();
  };

  test('answers several calls at once', async () => {
    const one = { jsonrpc: '2.0', id: 1, method: 'sui_getChainIdentifier', params: [] };
    expect(await call([one, { ...one, id: 2 }])).toMatchObject([
      { id: 1, result: expect.stringMatching(/^[0-9a-f]{8}$/) as string },
      { id: 2 },
    ]);
  });

  test.each([
    { name: 'an unknown method', body: { id: 1, method: 'sui_nothing' }, code: -32_601 },
    { name: 'an inherited name', body: { id: 1, method: 'constructor' }, code: -32_601 },
    { name: 'no call', body: 7, code: -32_600 },
    {
      name: 'a parameter of another type',
      body: { id: 1, method: 'sui_getObject', params: [7] },
      code: -32_602,
    },
  ])('has an error code for $name', async ({ body, code }) => {
    expect(await call(body)).toMatchObject({ error: { code } });
  });

  test('refuses what is not JSON', async () => {
    const answer = await post('/', '{', 'application/json');
    expect(await answer.json()).toMatchObject({ error: { code: -32_700 } });
  });

  test('finds events by type, in pages, in both directions', async () => {
    const query = { MoveEventType: `${local.walrusPackage}::events::BlobRegistered` };
    const all = await json.queryEvents({ query, order: 'ascending' });
    expect(all.data.length).toBeGreaterThan(1);
    const first = await json.queryEvents({ query, order: 'ascending', limit: 1 });
    expect(first.data).toEqual(all.data.slice(0, 1));
    expect(first.hasNextPage).toBe(true);
    const rest = await json.queryEvents({ query, order: 'ascending', cursor: first.nextCursor });
    expect(rest.data).toEqual(all.data.slice(1));
    const backwards = await json.queryEvents({ query, order: 'descending' });
    expect(backwards.data).toEqual(all.data.toReversed());
  });

  test('finds a dynamic field by its name', async () => {
    const found = await json.getDynamicFieldObject({
      parentId: local.chain.networkIds.systemObjectId,
      name: { type: 'u64', value: '3' },
    });
    expect(found.data?.type).toMatch(/SystemStateInnerV1>$/);
  });

  test('is limited in what it reads', async () => {
    const answer = await post('/', 'x'.repeat(5 * 1_048_576), 'application/json');
    expect(answer.status).toBe(413);
  });
});

describe('a fault', () => {
  const transfer = async (): Promise<{ bytes: Uint8Array; signature: string; digest: string }> => {
    const transaction = new Transaction();
    transaction.setSender(local.owner);
    transaction.transferObjects([transaction.splitCoins(transaction.gas, [5])], local.owner);
    const bytes = await transaction.build({ client: local.client });
    const { signature } = await local.signer.signTransaction(bytes);
    return { bytes, signature, digest: await transaction.getDigest({ client: local.client }) };
  };

  test.each(['grpc-web', 'json-rpc'])(
    'loses the answer to an execution over %s, not the execution',
    async (transport) => {
      const client = transport === 'grpc-web' ? local.client : json;
      const { bytes, signature, digest } = await transfer();
      local.faults.dropReply(1);
      const lost = client.core.executeTransaction({ transaction: bytes, signatures: [signature] });
      await expect(lost).rejects.toThrow();
      const found = await client.core.getTransaction({ digest });
      expect(found.$kind).toBe('Transaction');
      const again = await client.core.executeTransaction({
        transaction: bytes,
        signatures: [signature],
      });
      expect(again.Transaction?.digest).toBe(digest);
    },
  );

  test('keeps reads behind until the time is over', async () => {
    const LAG_MS = 60_000;
    const { bytes, signature, digest } = await transfer();
    local.nowMs += LAG_MS;
    const before = await local.client.core.getBalance({ owner: local.owner });
    local.faults.setLagMs(LAG_MS);
    const done = await local.client.core.executeTransaction({
      transaction: bytes,
      signatures: [signature],
    });
    expect(done.$kind).toBe('Transaction');
    for (const { core } of clients()) {
      await expect(core.getTransaction({ digest })).rejects.toThrow(/not ?found/i);
      expect(await core.getBalance({ owner: local.owner })).toMatchObject({
        balance: { balance: before.balance.balance },
      });
    }
    local.nowMs += LAG_MS;
    for (const { core } of clients()) {
      expect((await core.getTransaction({ digest })).$kind).toBe('Transaction');
      const { balance } = await core.getBalance({ owner: local.owner });
      expect(balance.balance).not.toBe(before.balance.balance);
    }
  });
});

describe('a server', () => {
  const serve = (options: Partial<Parameters<typeof serveRpc>[0]>): Promise<RpcServer> =>
    serveRpc({ chain: local.chain, port: 0, transports: ['grpc-web', 'json-rpc'], ...options });

  test('that passes for Sui 1.55 speaks no gRPC', async () => {
    const old = await serve({ profile: 'sui-1.55' });
    const client = new SuiGrpcClient({ network: 'localnet', baseUrl: old.url });
    await expect(client.core.getReferenceGasPrice()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await old.close();
  });

  test.each([
    { transport: 'grpc-web' as const, refused: 'application/json' },
    { transport: 'json-rpc' as const, refused: 'application/grpc-web+proto' },
  ])('with only $transport has nothing else', async ({ transport, refused }) => {
    const server = await serve({ transports: [transport] });
    const answer = await fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': refused },
      body: '{}',
    });
    expect(answer.status).toBe(404);
    await server.close();
  });

  test('serves https with the given certificate', async () => {
    const key = generateNetworkKey();
    const cert = await createCertificate(key, '127.0.0.1');
    const server = await serve({ https: { key, cert } });
    const status = await new Promise((resolve, reject) => {
      request(server.url, { method: 'POST', rejectUnauthorized: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end('{}');
    });
    expect(server.url).toMatch(/^https:/);
    expect(status).toBe(200);
    await server.close();
  });

  test('says that its port is taken', async () => {
    await expect(serve({ port: local.rpc.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  test('answers browsers of any origin', async () => {
    const answer = await fetch(local.rpc.url, { method: 'OPTIONS' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  });
});

describe('the faucet', () => {
  let faucet: RpcServer;
  beforeAll(async () => {
    faucet = await serveFaucet({ chain: local.chain, port: 0 });
  });
  afterAll(async () => {
    await faucet.close();
  });

  test('gives five coins of 200 SUI to whoever asks', async () => {
    const recipient = `0x${'66'.repeat(32)}`;
    const { coins_sent: coins } = await requestSuiFromFaucetV2({ host: faucet.url, recipient });
    expect(coins).toHaveLength(5);
    const { balance } = await local.client.core.getBalance({ owner: recipient });
    expect(balance.balance).toBe('1000000000000');
  });

  test.each([
    { name: 'no JSON', body: '{' },
    { name: 'no recipient', body: '{}' },
    { name: 'no address', body: '{"FixedAmountRequest":{"recipient":"me"}}' },
  ])('refuses $name', async ({ body }) => {
    const answer = await fetch(`${faucet.url}/v2/gas`, { method: 'POST', body });
    expect(answer.status).toBe(400);
  });

  test('has nothing at other paths', async () => {
    expect((await fetch(`${faucet.url}/v1/other`, { method: 'POST' })).status).toBe(404);
  });
});
