/**
 * @file Trees as literals: make one on disk, and expect one on disk.
 *
 *     await makeTree(folder, { 'a.txt': 'hello', photos: { 'b.jpg': bytes(3 * MIB) } });
 *     await expectTree(folder, { 'a.txt': 'hello', photos: { 'b.jpg': bytes(3 * MIB) } });
 *
 * Text is a file, bytes are a file, an object is a directory; `file`, `directory`, `symlink`,
 * `hardlink`, `sparse` and `fifo` say more. A key made by `rawName` is a name of any bytes.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as nativeOs from '#platform/native-os.ts';

export const KIB = 1024;
export const MIB = 1024 * KIB;

interface Metadata {
  readonly mode?: number;
  readonly mtimeNs?: bigint;
  readonly xattrs?: Readonly<Record<string, string>>;
}

type Special =
  | ({ readonly is: 'file'; readonly content: string | Uint8Array } & Metadata)
  | ({ readonly is: 'directory'; readonly entries: Tree } & Metadata)
  | ({ readonly is: 'symlink'; readonly target: string } & Pick<Metadata, 'mtimeNs'>)
  /** `to` is a path below the tree's root, as keys of the literal joined by '/'. */
  | { readonly is: 'hardlink'; readonly to: string }
  | ({
      readonly is: 'sparse';
      readonly sizeBytes: number;
      readonly data: readonly (readonly [offsetBytes: number, content: string | Uint8Array])[];
    } & Metadata)
  | { readonly is: 'fifo' };

/** What a tree literal holds under a name. */
export type TreeNode = string | Uint8Array | Special | Tree;

export interface Tree {
  readonly [name: string]: TreeNode;
}

export const file = (content: string | Uint8Array, metadata: Metadata = {}): Special => ({
  is: 'file',
  content,
  ...metadata,
});
export const directory = (entries: Tree, metadata: Metadata = {}): Special => ({
  is: 'directory',
  entries,
  ...metadata,
});
export const symlink = (target: string, metadata: Pick<Metadata, 'mtimeNs'> = {}): Special => ({
  is: 'symlink',
  target,
  ...metadata,
});
export const hardlink = (to: string): Special => ({ is: 'hardlink', to });
export const sparse = (
  sizeBytes: number,
  data: readonly (readonly [offsetBytes: number, content: string | Uint8Array])[],
  metadata: Metadata = {},
): Special => ({ is: 'sparse', sizeBytes, data, ...metadata });
export const fifo = (): Special => ({ is: 'fifo' });

const RAW_NAME_PREFIX = '\0raw:';

/** The key of a name that is not UTF-8: its bytes, one character each. */
export const rawName = (latin1: string): string => RAW_NAME_PREFIX + latin1;

/** `count` bytes that look random and are the same for the same seed. */
export function bytes(count: number, seed = 1): Uint8Array {
  const out = new Uint8Array(count);
  const words = new Uint32Array(out.buffer, 0, count >>> 2);
  let state = (seed * 0x9e3779b9) >>> 0 || 1;
  const next = (): number => {
    // xorshift32: chance is not needed, only bytes that don't compress.
    state ^= state << 13;
    state ^= state >>> 17;
    state = (state ^ (state << 5)) >>> 0;
    return state;
  };
  for (let index = 0; index < words.length; index += 1) words[index] = next();
  for (let index = words.length * 4; index < count; index += 1) out[index] = next() & 0xff;
  return out;
}

/** A directory of the test's own, removed when the callback is called. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'floe-test-'));
  return { path, remove: () => removeTree(path) };
}

/** Remove a tree, also where directories forbid it to anybody but root. */
export function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    execFileSync('chmod', ['-R', 'u+rwX', path]);
    rmSync(path, { recursive: true, force: true });
  }
}

/** The bytes of a key. */
function nameBytes(key: string): Buffer {
  return key.startsWith(RAW_NAME_PREFIX)
    ? Buffer.from(key.slice(RAW_NAME_PREFIX.length), 'latin1')
    : Buffer.from(key, 'utf8');
}

function place(folder: Buffer, key: string): Buffer {
  return Buffer.concat([folder, Buffer.from('/'), nameBytes(key)]);
}

function isTree(node: TreeNode): node is Tree {
  return typeof node === 'object' && !(node instanceof Uint8Array) && !('is' in node);
}

/** The long form of a node. */
function special(node: TreeNode): Special {
  if (typeof node === 'string' || node instanceof Uint8Array) return file(node);
  return isTree(node) ? directory(node) : node;
}

/** Make the tree below `folder`, which is created when missing. */
export function makeTree(folder: string, tree: Tree): void {
  mkdirSync(folder, { recursive: true });
  const root = Buffer.from(folder);
  const later: (() => void)[] = [];
  makeEntries(root, root, tree, later);
  // Links after files, directories' metadata last and deepest first.
  for (const step of later) step();
}

function makeEntries(root: Buffer, folder: Buffer, tree: Tree, later: (() => void)[]): void {
  for (const [key, short] of Object.entries(tree)) {
    const path = place(folder, key);
    const node = special(short);
    switch (node.is) {
      case 'file':
        writeFileSync(path, node.content);
        setMetadata(path, node);
        break;
      case 'sparse':
        makeSparse(path, node);
        break;
      case 'directory':
        mkdirSync(path, { recursive: true });
        makeEntries(root, path, node.entries, later);
        later.push(() => setMetadata(path, node));
        break;
      case 'symlink':
        symlinkSync(node.target, path);
        if (node.mtimeNs !== undefined) nativeOs.setLinkTimes(path, node.mtimeNs);
        break;
      case 'hardlink':
        later.unshift(() => linkSync(node.to.split('/').reduce<Buffer>(place, root), path));
        break;
      case 'fifo':
        execFileSync('mkfifo', [path.toString()]);
        break;
    }
  }
}

function makeSparse(path: Buffer, node: Extract<Special, { is: 'sparse' }>): void {
  const fd = openSync(path, 'w');
  ftruncateSync(fd, node.sizeBytes);
  for (const [offset, content] of node.data) {
    const part = Buffer.from(content as Uint8Array);
    writeSync(fd, part, 0, part.length, offset);
  }
  closeSync(fd);
  setMetadata(path, node);
}

function setMetadata(path: Buffer, { mode, mtimeNs, xattrs }: Metadata): void {
  if (mode === undefined && mtimeNs === undefined && xattrs === undefined) return;
  const fd = openSync(path, constants.O_RDONLY);
  try {
    for (const [name, value] of Object.entries(xattrs ?? {})) {
      nativeOs.setXattr(fd, name, Buffer.from(value));
    }
    if (mode !== undefined) chmodSync(path, mode);
    if (mtimeNs !== undefined) nativeOs.setTimes(fd, mtimeNs);
  } finally {
    closeSync(fd);
  }
}

/** Expect exactly the tree below `folder`. Metadata is compared where the literal names it. */
export function expectTree(folder: string, tree: Tree): void {
  const problems: string[] = [];
  const root = Buffer.from(folder);
  expectEntries(root, root, tree, '', problems);
  assert.deepEqual(problems, [], `the tree at ${folder} differs`);
}

function expectEntries(
  root: Buffer,
  folder: Buffer,
  tree: Tree,
  shown: string,
  problems: string[],
): void {
  const expected = new Map(
    Object.entries(tree).map(([key, node]) => [nameBytes(key).toString('latin1'), { key, node }]),
  );
  for (const name of readdirSync(folder, 'latin1')) {
    if (!expected.has(name)) problems.push(`${shown}${name} is there`);
  }
  for (const [name, { key, node }] of expected) {
    const path = place(folder, key);
    const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (!stat) problems.push(`${shown}${name} is missing`);
    else expectNode(root, path, special(node), `${shown}${name}`, problems);
  }
}

function expectNode(
  root: Buffer,
  path: Buffer,
  node: Special,
  shown: string,
  problems: string[],
): void {
  const stat = lstatSync(path, { bigint: true });
  const differ = (what: string): number => problems.push(`${shown} differs in ${what}`);
  if ('mode' in node && node.mode !== undefined && Number(stat.mode & 0o7777n) !== node.mode) {
    differ('mode');
  }
  if ('mtimeNs' in node && node.mtimeNs !== undefined && stat.mtimeNs !== node.mtimeNs) {
    differ('mtime');
  }
  switch (node.is) {
    case 'file':
      if (!stat.isFile()) differ('kind');
      else if (!readFileSync(path).equals(Buffer.from(node.content as Uint8Array))) {
        differ('content');
      }
      break;
    case 'sparse':
      if (!readFileSync(path).equals(sparseContent(node))) differ('content');
      break;
    case 'directory':
      if (!stat.isDirectory()) differ('kind');
      else expectEntries(root, path, node.entries, `${shown}/`, problems);
      break;
    case 'symlink':
      if (!stat.isSymbolicLink()) differ('kind');
      else if (!readlinkSync(path, 'buffer').equals(Buffer.from(node.target))) differ('target');
      break;
    case 'hardlink': {
      const other = lstatSync(node.to.split('/').reduce<Buffer>(place, root), { bigint: true });
      if (other.ino !== stat.ino) differ('hard links');
      break;
    }
    case 'fifo':
      if (!stat.isFIFO()) differ('kind');
      break;
  }
}

function sparseContent(node: Extract<Special, { is: 'sparse' }>): Buffer {
  const content = Buffer.alloc(node.sizeBytes);
  for (const [offset, part] of node.data) Buffer.from(part as Uint8Array).copy(content, offset);
  return content;
}
