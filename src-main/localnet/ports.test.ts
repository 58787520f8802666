import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { freePorts, requireFree } from './ports.ts';

const HOST = '127.0.0.1';

test('ports are free, different, and none that a connection going out may get', async () => {
  const ports = await freePorts(HOST, 200);
  expect(new Set(ports).size).toBe(200);
  expect(ports.filter((port) => port < 20_000 || port > 32_767)).toEqual([]);
  for (const port of ports) await requireFree(HOST, port);
});

test('a port that somebody listens on is taken', async () => {
  const [port = 0] = await freePorts(HOST, 1);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ host: HOST, port }, resolve));
  try {
    await expect(requireFree(HOST, port)).rejects.toMatchObject({ code: 'port-taken' });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});
