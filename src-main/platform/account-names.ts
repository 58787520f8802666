/**
 * @file Names of users and groups, from the machine's own lists.
 *
 * Read once from /etc/passwd and /etc/group. Accounts that only a directory service knows have
 * no name here; their files are restored as the user's own, as everywhere where a name is unknown.
 */
import { readFileSync } from 'node:fs';
import type { RawPath } from '#engine/model/ids.ts';

/** Larger lists are not read: an account file of a machine has kilobytes. */
const ACCOUNT_FILE_BYTES_MAX = 16 * 1024 * 1024;

export interface AccountNames {
  userName(uid: number): RawPath | undefined;
  groupName(gid: number): RawPath | undefined;
  userId(name: RawPath): number | undefined;
  groupId(name: RawPath): number | undefined;
}

/** Read the lists of this machine. Missing ones are empty. */
export function readAccountNames(
  passwdFile = '/etc/passwd',
  groupFile = '/etc/group',
): AccountNames {
  const users = readList(passwdFile);
  const groups = readList(groupFile);
  return {
    userName: (uid) => users.names.get(uid),
    groupName: (gid) => groups.names.get(gid),
    userId: (name) => users.ids.get(name),
    groupId: (name) => groups.ids.get(name),
  };
}

function readList(file: string): { names: Map<number, RawPath>; ids: Map<RawPath, number> } {
  const names = new Map<number, RawPath>();
  const ids = new Map<RawPath, number>();
  for (const line of readText(file).split('\n')) {
    const [account, , number] = line.split(':');
    if (!account || !number || !/^\d{1,10}$/.test(number)) continue;
    const id = Number(number);
    const name = account as RawPath;
    // The first line wins, as in the C library.
    if (!names.has(id)) names.set(id, name);
    if (!ids.has(name)) ids.set(name, id);
  }
  return { names, ids };
}

function readText(file: string): string {
  try {
    const bytes = readFileSync(file);
    return bytes.length > ACCOUNT_FILE_BYTES_MAX ? '' : bytes.toString('latin1');
  } catch {
    return '';
  }
}
