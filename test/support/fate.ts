/**
 * @file A process that dies at a chosen step, without a process: everything durable that an engine
 * does passes here, before and after, and from the moment of death on nothing does any more.
 *
 *     const fate = new Fate(7);                       // dies at its eighth step
 *     mortalIndex(index, fate), mortalFiles(files, fate), mortal(wallet, fate, ...)
 *
 * Durable steps are: a write to the local index (a transaction is one step), a file written or
 * removed, a transaction submitted, a blob uploaded. What an engine still wants after its death is
 * refused with the same error, so that no late promise repairs what a real death would have left.
 */
import type { LocalIndex } from '#engine/local-index/local-index.ts';
import type { FileSystem, TargetDirectory } from '#engine/ports/file-system.ts';

/** Not an EngineError: nobody may handle it. */
export class Death extends Error {
  override readonly name = 'Death';
}

export class Fate {
  /** The steps passed so far, by name. */
  readonly steps: string[] = [];
  readonly #diesAt: number;
  #isDead = false;

  /** Without a number it only counts. */
  constructor(diesAt = Infinity) {
    this.#diesAt = diesAt;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Between two durable effects: here the process may die. */
  step(name: string): void {
    this.live();
    this.steps.push(name);
    if (this.steps.length > this.#diesAt) {
      this.#isDead = true;
      this.live();
    }
  }

  /** The dead do nothing. */
  live(): void {
    if (this.#isDead) throw new Death(`died at step ${this.steps.at(-1) ?? '?'}`);
  }

  /** An effect with a step on either side. */
  around<Result>(name: string, effect: () => Result): Result {
    this.step(`before ${name}`);
    const result = effect();
    if (result instanceof Promise) {
      return result.then((value: unknown) => {
        this.step(`after ${name}`);
        return value;
      }) as Result;
    }
    this.step(`after ${name}`);
    return result;
  }
}

type Method = (...args: unknown[]) => unknown;

/**
 * `target` with a step before and after the methods that `isEffect` names. Its other methods work
 * until death; those in `always` do so beyond it.
 */
export function mortal<Target extends object>(
  target: Target,
  fate: Fate,
  name: string,
  isEffect: (method: string) => boolean,
  always: readonly string[] = [],
): Target {
  return new Proxy(target, {
    get: (_target, property) => {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function' || typeof property !== 'string') return value;
      const method = (value as Method).bind(target);
      if (always.includes(property)) return method;
      if (isEffect(property)) {
        return (...args: unknown[]) => fate.around(`${name}.${property}`, () => method(...args));
      }
      return (...args: unknown[]) => {
        fate.live();
        return method(...args);
      };
    },
  });
}

const isWrite = (method: string): boolean =>
  /^(add|record|return|drop|put|mark|delete|clear|replace|write)/.test(method);

/** A local index in which each write, and each transaction as a whole, is a step. */
export function mortalIndex(index: LocalIndex, fate: Fate): LocalIndex {
  /** What the transaction under way has written; undefined outside of one. */
  let transaction: Set<string> | undefined;
  const tables = new Map<string, object>();
  const tableOf = (name: string, table: object): object => {
    const known = tables.get(name);
    if (known) return known;
    const made = new Proxy(table, {
      get: (_target, property) => {
        const value: unknown = Reflect.get(table, property, table);
        if (typeof value !== 'function' || typeof property !== 'string') return value;
        const method = (value as Method).bind(table);
        return (...args: unknown[]) => {
          fate.live();
          if (!isWrite(property)) return method(...args);
          if (!transaction) return fate.around(`${name}.${property}`, () => method(...args));
          transaction.add(`${name}.${property}`);
          return method(...args);
        };
      },
    });
    tables.set(name, made);
    return made;
  };
  const atomically = <T>(work: () => T): T => {
    if (transaction) return work();
    const place = fate.steps.length;
    fate.step('before a transaction');
    const writes = new Set<string>();
    transaction = writes;
    try {
      const result = index.atomically(work);
      fate.steps[place] = `before ${[...writes].join(' + ')}`;
      transaction = undefined;
      fate.step(`after ${[...writes].join(' + ')}`);
      return result;
    } finally {
      transaction = undefined;
    }
  };
  return new Proxy(index, {
    get: (_target, property) => {
      const value: unknown = Reflect.get(index, property, index);
      if (property === 'atomically') return atomically;
      // The dead process's handles are closed by the system.
      if (property === 'close') return value;
      if (typeof value === 'object' && value !== null) return tableOf(String(property), value);
      return (...args: unknown[]) => {
        fate.live();
        const call = (): unknown => (value as Method)(...args);
        if (property !== 'writeFact') return call();
        if (!transaction) return fate.around('facts.write', call);
        transaction.add('facts.write');
        return call();
      };
    },
  });
}

const FILE_EFFECTS: readonly string[] = ['writeFileDurable', 'removeFile', 'removeUnfinished'];

/** A file system in which what changes the home or a restore's target is a step. */
export function mortalFiles(files: FileSystem, fate: Fate): FileSystem {
  const home = mortal(files, fate, 'files', (method) => FILE_EFFECTS.includes(method), ['close']);
  const targets = mortalTargets(fate);
  return new Proxy(home, {
    get: (_target, property) => {
      if (property === 'openTarget') {
        return (...args: Parameters<FileSystem['openTarget']>) => {
          fate.live();
          return targets.wrap(files.openTarget(...args));
        };
      }
      if (property === 'probeNameRules') {
        return (directory: TargetDirectory) => files.probeNameRules(targets.unwrap(directory));
      }
      return Reflect.get(home, property, home) as unknown;
    },
  });
}

const TARGET_EFFECTS: readonly string[] = [
  'makeDirectory',
  'createFile',
  'makeSymlink',
  'linkTo',
  'moveToFree',
  'moveTo',
  'removeFile',
  'removeDirectory',
];

interface MortalTargets {
  wrap(directory: TargetDirectory): TargetDirectory;
  unwrap(directory: TargetDirectory): TargetDirectory;
}

/** Directories of a target. Their calls take one another, so the real ones must be found again. */
function mortalTargets(fate: Fate): MortalTargets {
  const real = new WeakMap<TargetDirectory, TargetDirectory>();
  const unwrap = (directory: TargetDirectory): TargetDirectory => real.get(directory) ?? directory;
  const wrap = (directory: TargetDirectory): TargetDirectory => {
    const isEffect = (method: string): boolean => TARGET_EFFECTS.includes(method);
    const wrapped = mortal(directory, fate, 'target', isEffect, ['close']);
    const outer = new Proxy(wrapped, {
      get: (_target, property) => {
        const value: unknown = Reflect.get(wrapped, property, wrapped);
        if (property === 'openDirectory') {
          return (name: never) => wrap((value as TargetDirectory['openDirectory'])(name));
        }
        if (property === 'openFile' || property === 'createFile') {
          return (name: never) => {
            const file = (value as TargetDirectory['openFile'])(name);
            return mortal(file, fate, 'file', (method) => method === 'write', ['close']);
          };
        }
        if (property === 'linkTo' || property === 'moveTo' || property === 'moveToFree') {
          return (name: never, to: TargetDirectory, newName: never) =>
            (value as TargetDirectory['moveTo'])(name, unwrap(to), newName);
        }
        return value;
      },
    });
    real.set(outer, directory);
    return outer;
  };
  return { wrap, unwrap };
}
