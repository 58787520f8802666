/**
 * @file One process per directory. The lock is one of SQLite's, which the system takes away from
 * a process that dies, however it dies.
 */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { EngineError } from '#engine/model/engine-error.ts';

/** Gives the directory back. */
export type ReleaseLock = () => void;

/** Throws `localnet-in-use` when another process has the directory. */
export function lockDirectory(dir: string): ReleaseLock {
  const database = new Database(join(dir, 'lock.sqlite'), { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { code?: string }).code !== 'SQLITE_BUSY') throw error;
    throw new EngineError('localnet-in-use', `a local network is already running in ${dir}`, {
      cause: error,
    });
  }
  return () => database.close();
}
