import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RawPath } from '#engine/model/ids.ts';
import { absolutePath, pathBelow, type Extent } from '#engine/ports/file-system.ts';
import type { Clock } from '#engine/ports/ports.ts';
import { FailingFiles, type SourceCall } from '#test/support/failing-files.ts';
import { bytes, file, KIB, makeTree, sparse, temporaryFolder } from '#test/support/tree.ts';
import {
  isSmallFile,
  READ_ATTEMPTS_MAX,
  readLargeFile,
  readSmallFiles,
  type FileReading,
  type ReadRequest,
} from './reader.ts';

let folder: ReturnType<typeof temporaryFolder>;
let root: string;
let files: FailingFiles;
/** Far in the future, so that files are settled unless a test says otherwise. */
let nowMs: number;

beforeEach(() => {
  folder = temporaryFolder();
  root = join(folder.path, 'root');
  mkdirSync(root);
  files = new FailingFiles();
  nowMs = 4_000_000_000_000;
});
afterEach(() => folder.remove());

const clock: Clock = {
  nowMs: () => nowMs,
  monotonicMs: () => nowMs,
  sleep: () => Promise.reject(new Error('nobody sleeps here')),
};
const options = () => ({ files, root: absolutePath(root), clock });

function request(path: string): ReadRequest {
  const stat = files.stat(pathBelow(absolutePath(root), path));
  if (!stat) throw new Error(`there is no ${path}`);
  return { path: path as RawPath, stat };
}

/** Do something before the nth call of a kind. */
function once(call: SourceCall, step: () => void, nth = 1): void {
  let count = 0;
  files.before = (which) => {
    if (which !== call) return;
    count += 1;
    if (count === nth) step();
  };
}

function readOne(path: string, from = request(path)): { reading: FileReading; text: string } {
  const buffer = new Uint8Array(64 * KIB);
  const [result] = readSmallFiles(options(), [from], buffer);
  if (!result) throw new Error('nothing was read');
  const { offsetBytes, sizeBytes } = result;
  const content = buffer.subarray(offsetBytes, offsetBytes + sizeBytes);
  return { reading: result.reading, text: Buffer.from(content).toString() };
}

describe('readSmallFiles', () => {
  test('reads files one after the other without gaps', () => {
    makeTree(root, { a: 'first', b: '', c: 'third' });
    const buffer = new Uint8Array(64 * KIB);
    const results = readSmallFiles(options(), ['a', 'b', 'c'].map(request), buffer);
    expect(results.map(({ offsetBytes, sizeBytes }) => [offsetBytes, sizeBytes])).toEqual([
      [0, 5],
      [5, 0],
      [5, 5],
    ]);
    expect(Buffer.from(buffer.subarray(0, 10)).toString()).toBe('firstthird');
    expect(results[0]?.reading).toMatchObject({
      kind: 'read',
      isSettled: true,
      extents: undefined,
    });
  });

  test('stops where a file does not fit any more', () => {
    makeTree(root, { a: bytes(600), b: bytes(600), c: 'c' });
    const results = readSmallFiles(options(), ['a', 'b', 'c'].map(request), new Uint8Array(1000));
    expect(results).toHaveLength(1);
  });

  test('gives the old or the new content of a file that is written meanwhile, never a mixture', () => {
    makeTree(root, { x: 'old content' });
    once('read', () => writeFileSync(join(root, 'x'), 'new'));
    const { reading, text } = readOne('x');
    expect(text).toBe('new');
    expect(reading).toMatchObject({ kind: 'read', stat: { sizeBytes: 3 } });
  });

  test('notices a write that leaves size and time as they were', () => {
    makeTree(root, { x: file('old', { mtimeNs: 1_600_000_000_000_000_000n }) });
    once('read', () => {
      writeFileSync(join(root, 'x'), 'new');
      utimesSync(join(root, 'x'), 1_600_000_000, 1_600_000_000);
    });
    let readings = 0;
    const before = files.before;
    files.before = (call, path) => {
      if (call === 'read') readings += 1;
      before(call, path);
    };
    expect(readOne('x').text).toBe('new');
    expect(readings).toBe(2);
  });

  test('gives up on a file that never holds still', () => {
    makeTree(root, { x: 'x' });
    let readings = 0;
    files.before = (call) => {
      if (call !== 'read') return;
      readings += 1;
      appendFileSync(join(root, 'x'), 'x');
    };
    expect(readOne('x')).toEqual({
      reading: { kind: 'unreadable', path: 'x', reason: 'changing' },
      text: '',
    });
    expect(readings).toBe(READ_ATTEMPTS_MAX);
  });

  test('a file that has grown beyond a small one is handed back as large', () => {
    makeTree(root, { x: 'x' });
    const before = request('x');
    writeFileSync(join(root, 'x'), bytes(70 * KIB));
    expect(readOne('x', before).reading).toMatchObject({
      kind: 'large',
      stat: { sizeBytes: 70 * KIB },
    });
  });

  test('a file with holes is handed back as large', () => {
    makeTree(root, { x: sparse(256 * KIB, [[0, 'x']]) });
    expect(isSmallFile(request('x').stat)).toBe(false);
    expect(readOne('x').reading.kind).toBe('large');
  });

  test('a file that is gone has vanished', () => {
    makeTree(root, { x: 'x', d: { y: 'y' } });
    const [x, y] = [request('x'), request('d/y')];
    unlinkSync(join(root, 'x'));
    renameSync(join(root, 'd'), join(root, 'e'));
    writeFileSync(join(root, 'd'), 'no directory any more');
    expect(readOne('x', x).reading.kind).toBe('vanished');
    expect(readOne('d/y', y).reading.kind).toBe('vanished');
  });

  test.each([
    { name: 'a link', make: (path: string) => symlinkSync('/etc/hostname', path) },
    { name: 'a directory', make: (path: string) => mkdirSync(path) },
    { name: 'a FIFO', make: (path: string) => void execFileSync('mkfifo', [path]) },
  ])('$name in the place of a file is not read', ({ make }) => {
    makeTree(root, { x: 'x' });
    const before = request('x');
    unlinkSync(join(root, 'x'));
    make(join(root, 'x'));
    expect(readOne('x', before).reading).toMatchObject({ kind: 'unreadable', reason: 'changing' });
  });

  test('a file renamed over the scanned one is read', () => {
    makeTree(root, { x: 'old', 'x.new': 'newer' });
    const before = request('x');
    renameSync(join(root, 'x.new'), join(root, 'x'));
    expect(readOne('x', before).text).toBe('newer');
  });

  test('a file behind a directory that was swapped for a link is not read', () => {
    makeTree(folder.path, { outside: { y: 'secret' } });
    makeTree(root, { d: { y: 'y' } });
    const before = request('d/y');
    renameSync(join(root, 'd'), join(root, 'e'));
    symlinkSync('../outside', join(root, 'd'));
    expect(readOne('d/y', before)).toMatchObject({
      reading: { kind: 'unreadable', reason: 'changing' },
      text: '',
    });
  });

  test.each([
    { call: 'open' as const, reason: 'denied' as const, systemCode: 'EACCES' },
    { call: 'read' as const, reason: 'damaged' as const, systemCode: 'EIO' },
  ])('a file whose $call fails with $systemCode is unreadable', (failure) => {
    makeTree(root, { x: 'x' });
    files.failures = [{ ...failure, path: '/x' }];
    expect(readOne('x').reading).toEqual({
      kind: 'unreadable',
      path: 'x',
      reason: failure.reason,
    });
  });

  test('a machine that opens no more files ends the reading, and calls no file unreadable', () => {
    makeTree(root, { x: 'x' });
    files.failures = [{ call: 'open', reason: 'too-many-open', systemCode: 'EMFILE', path: '/x' }];
    expect(() => readOne('x')).toThrow(expect.objectContaining({ code: 'too-many-open-files' }));
  });

  test.each([
    { name: 'older than a tick', ageMs: 30, isSettled: true },
    { name: 'as young as a tick', ageMs: 10, isSettled: false },
    { name: 'from the future', ageMs: -60_000, isSettled: false },
  ])('a file $name is settled: $isSettled', ({ ageMs, isSettled }) => {
    makeTree(root, { x: 'x' });
    const { ctimeNs } = request('x').stat;
    nowMs = Number(ctimeNs / 1_000_000n) + ageMs;
    // A change time without fraction comes from a file system that counts in seconds.
    if (ctimeNs % 1_000_000_000n === 0n) return;
    expect(readOne('x').reading).toMatchObject({ kind: 'read', isSettled });
  });
});

describe('readLargeFile', () => {
  interface Outcome {
    readonly reading: FileReading;
    readonly attempts: number;
    readonly content: Buffer;
    readonly pieces: readonly Extent[];
  }

  async function readPieces(
    path: string,
    onPiece: (offsetBytes: number) => void | Promise<void> = () => undefined,
    signal?: AbortSignal,
  ): Promise<Outcome> {
    let attempts = 0;
    let pieces: (Extent & { content: Buffer })[] = [];
    const reading = await readLargeFile(options(), request(path), {
      buffers: [new Uint8Array(16 * KIB), new Uint8Array(16 * KIB)],
      onAttempt: (attempt) => {
        attempts = attempt;
        pieces = [];
      },
      onPiece: async (content, offsetBytes) => {
        await onPiece(offsetBytes);
        pieces.push({ content: Buffer.from(content), offsetBytes, sizeBytes: content.length });
      },
      signal,
    });
    const content = Buffer.concat(pieces.map((piece) => piece.content));
    return {
      reading,
      attempts,
      content,
      pieces: pieces.map(({ offsetBytes, sizeBytes }) => ({ offsetBytes, sizeBytes })),
    };
  }

  test('reads a file in pieces, in order', async () => {
    const content = bytes(100 * KIB + 1);
    makeTree(root, { x: content });
    const outcome = await readPieces('x');
    expect(outcome.content.equals(Buffer.from(content))).toBe(true);
    expect(outcome.attempts).toBe(1);
    expect(outcome.pieces).toHaveLength(7);
    expect(outcome.reading).toMatchObject({ kind: 'read', isSettled: true, extents: undefined });
  });

  test('begins again when the file changes, with what it holds then', async () => {
    makeTree(root, { x: bytes(64 * KIB, 1) });
    const later = bytes(64 * KIB, 2);
    let isChanged = false;
    const outcome = await readPieces('x', (offsetBytes) => {
      if (offsetBytes === 0 && !isChanged) writeFileSync(join(root, 'x'), later);
      isChanged = true;
    });
    expect(outcome.attempts).toBe(2);
    expect(outcome.content.equals(Buffer.from(later))).toBe(true);
  });

  test('gives up on a file that is written all the time', async () => {
    makeTree(root, { x: bytes(64 * KIB) });
    const fd = openSync(join(root, 'x'), 'r+');
    let count = 0;
    const outcome = await readPieces('x', () => {
      count += 1;
      writeSync(fd, Buffer.from(String(count)), 0, 1, 0);
    });
    closeSync(fd);
    expect(outcome.attempts).toBe(READ_ATTEMPTS_MAX);
    expect(outcome.reading).toEqual({ kind: 'unreadable', path: 'x', reason: 'changing' });
  });

  test('leaves out holes and says where the data lies', async () => {
    const sizeBytes = 4096 * KIB;
    makeTree(root, {
      x: sparse(sizeBytes, [
        [0, bytes(4 * KIB, 1)],
        [2048 * KIB, bytes(40 * KIB, 2)],
      ]),
    });
    const { reading, content } = await readPieces('x');
    const extents = reading.kind === 'read' ? (reading.extents ?? []) : [];
    expect(extents.map(({ offsetBytes }) => offsetBytes)).toEqual([0, 2048 * KIB]);
    const held = extents.reduce((sum, extent) => sum + extent.sizeBytes, 0);
    expect(content).toHaveLength(held);
    expect(held).toBeLessThan(100 * KIB);
    expect(lstatSync(join(root, 'x')).size).toBe(sizeBytes);
  });

  test('a file that is all hole has no content', async () => {
    makeTree(root, { x: sparse(1024 * KIB, []) });
    const { reading, content } = await readPieces('x');
    expect(reading).toMatchObject({ kind: 'read', extents: [] });
    expect(content).toHaveLength(0);
  });

  test('what the piece taker throws comes through, and the file is closed', async () => {
    makeTree(root, { x: bytes(64 * KIB) });
    const failing = readPieces('x', () => Promise.reject(new Error('full')));
    await expect(failing).rejects.toThrow('full');
  });

  test('an aborted reading ends with the reason', async () => {
    makeTree(root, { x: bytes(64 * KIB) });
    const stop = new AbortController();
    const reason = new DOMException('enough', 'AbortError');
    const reading = readPieces('x', () => stop.abort(reason), stop.signal);
    await expect(reading).rejects.toBe(reason);
  });
});
