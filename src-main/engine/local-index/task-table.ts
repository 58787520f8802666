/** @file Restores that were begun: after a crash they are listed, and can go on where they were. */
import type { Database, Statement } from 'better-sqlite3';

export interface TaskRow {
  readonly taskId: string;
  /** JSON written by whoever runs the task. */
  readonly record: string;
}

export class TaskTable {
  readonly #put: Statement;
  readonly #all: Statement<[], { task_id: string; record: string }>;
  readonly #delete: Statement;

  constructor(database: Database) {
    this.#put = database.prepare(
      `INSERT INTO tasks (task_id, record) VALUES (?, ?)
       ON CONFLICT (task_id) DO UPDATE SET record = excluded.record`,
    );
    this.#all = database.prepare('SELECT task_id, record FROM tasks ORDER BY rowid');
    this.#delete = database.prepare('DELETE FROM tasks WHERE task_id = ?');
  }

  put({ taskId, record }: TaskRow): void {
    this.#put.run(taskId, record);
  }

  /** Oldest first. */
  all(): TaskRow[] {
    return this.#all.all().map((row) => ({ taskId: row.task_id, record: row.record }));
  }

  delete(taskId: string): void {
    this.#delete.run(taskId);
  }
}
