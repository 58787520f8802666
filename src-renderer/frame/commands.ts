/** @file Finding a command by a few of its letters. Pure. */

export interface Command {
  readonly id: string;
  readonly label: string;
  readonly run: () => void;
}

/** More would not be read. */
const FOUND_MAX = 60;

/** Commands whose words begin with what was typed come first, then those that hold its letters in order. */
export function matchCommands(commands: readonly Command[], text: string): readonly Command[] {
  const wanted = plain(text);
  if (wanted === '') return commands.slice(0, FOUND_MAX);
  return commands
    .map((command) => ({ command, rank: rankOf(plain(command.label), wanted) }))
    .filter(({ rank }) => rank !== undefined)
    .sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0))
    .map(({ command }) => command)
    .slice(0, FOUND_MAX);
}

/** Lower is better; undefined is no match. */
function rankOf(label: string, wanted: string): number | undefined {
  if (label.startsWith(wanted)) return 0;
  if (label.includes(` ${wanted}`)) return 1;
  if (label.includes(wanted)) return 2;
  let at = 0;
  for (const letter of label) if (letter === wanted[at]) at += 1;
  return at === wanted.length ? 3 : undefined;
}

/** Without case and accents. */
function plain(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Diacritic}/gu, '')
    .toLowerCase()
    .trim();
}
