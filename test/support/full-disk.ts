/**
 * @file The disk of the local index is full when a test says so. SQLite itself says it: every write
 * needs room that the file may not take.
 *
 *     vi.mock(import('better-sqlite3'), async (importOriginal) =>
 *       (await import('#test/support/full-disk.ts')).limitedSqlite(await importOriginal()),
 *     );
 */
import type SqliteModule from 'better-sqlite3';

type Module = { readonly default: typeof SqliteModule };
type Connection = SqliteModule.Database;

/** More than what earlier writes have left free in any test's file. */
const BALLAST_BYTES = 4 * 1024 * 1024;
const PAGES_MAX = 4_294_967_294;

const connections = new Set<Connection>();

/** The same SQLite, whose connections are known here. */
export function limitedSqlite(original: Module): Module {
  class KnownDatabase extends original.default {
    constructor(...args: ConstructorParameters<typeof SqliteModule>) {
      super(...args);
      connections.add(this);
    }
  }
  return { ...original, default: KnownDatabase as unknown as typeof SqliteModule };
}

const opened = (): Connection[] => [...connections].filter(({ open }) => open);

const triggersOf = (connection: Connection): { readonly name: string; readonly make: string }[] =>
  (
    connection
      .prepare(
        `SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'
         AND name NOT LIKE 'sqlite_%' AND name <> 'ballast'`,
      )
      .all() as { name: string }[]
  ).flatMap(({ name: table }) =>
    ['INSERT', 'UPDATE', 'DELETE'].map((verb) => ({
      name: `full_${table}_${verb}`,
      make: `BEFORE ${verb} ON ${table} BEGIN
               INSERT INTO ballast VALUES (zeroblob(${String(BALLAST_BYTES)})); END`,
    })),
  );

/** From now on nothing can be written to any index that is open. */
export function fillDisk(): void {
  for (const connection of opened()) {
    connection.exec('CREATE TABLE ballast (bytes BLOB)');
    for (const { name, make } of triggersOf(connection)) {
      connection.exec(`CREATE TRIGGER ${name} ${make}`);
    }
    const pages = connection.pragma('page_count', { simple: true }) as number;
    connection.pragma(`max_page_count = ${String(pages)}`);
  }
}

/** There is room again. */
export function emptyDisk(): void {
  for (const connection of opened()) {
    connection.pragma(`max_page_count = ${String(PAGES_MAX)}`);
    for (const { name } of triggersOf(connection)) connection.exec(`DROP TRIGGER ${name}`);
    connection.exec('DROP TABLE ballast');
  }
}
