/**
 * @file Makes a process small that has nothing to do.
 *
 * A scan of very many files leaves garbage that V8 collects only when something else wants its
 * place, and freed memory that the C library keeps. Nobody wants either while the engine waits, and
 * people look at what a program in the tray takes.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { giveFreedMemoryBack } from './native-os.ts';

let collect: (() => void) | undefined;

/** Blocks for as long as a full collection takes: tens of milliseconds for what a rest leaves. */
export function makeMemorySmall(): void {
  if (!collect) {
    // The collector can be called where a flag says so, and the flag holds for new contexts.
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('() => gc({ type: "major", flavor: "last-resort" })') as () => void;
  }
  collect();
  giveFreedMemoryBack();
}
