/**
 * @file The order of the questions on the first run. Pure: no engine, no window.
 *
 * A new vault asks where files live, shows the words, has them confirmed, keeps them, and protects
 * the first folder. Words that exist already ask for them, say what they open, and keep them. What
 * is asked can be taken back until the vault is set up; from then on only what follows can.
 */

/** `move`: a vault on another network, for a folder that is known already. */
export type Journey = 'new' | 'existing' | 'move';

export type Step =
  | 'welcome'
  | 'network'
  | 'words'
  | 'confirm'
  | 'enter'
  | 'found'
  | 'place'
  | 'folder'
  | 'fund'
  | 'protect';

const QUESTIONS: Readonly<Record<Journey, readonly Step[]>> = {
  new: ['welcome', 'network', 'words', 'confirm', 'place', 'folder', 'fund', 'protect'],
  existing: ['welcome', 'network', 'enter', 'found', 'place'],
  move: ['network', 'words', 'confirm', 'place'],
};

/** After these the vault is on this machine, and the questions before them are settled. */
const AFTER_SET_UP: readonly Step[] = ['folder', 'fund', 'protect'];

export interface FlowPlace {
  readonly journey: Journey;
  readonly step: Step;
  /** On the try-out network nobody has to choose where the words are kept. */
  readonly isTryOut: boolean;
}

function questionsOf({ journey, isTryOut }: FlowPlace): readonly Step[] {
  return QUESTIONS[journey].filter((step) => !(step === 'place' && isTryOut));
}

/** The next question, or undefined after the last one. */
export function stepAfter(place: FlowPlace): Step | undefined {
  const questions = questionsOf(place);
  return questions[questions.indexOf(place.step) + 1];
}

/** The question before, or undefined where nothing can be taken back. */
export function stepBefore(place: FlowPlace): Step | undefined {
  const questions = questionsOf(place);
  const before = questions[questions.indexOf(place.step) - 1];
  if (place.step === 'folder' || place.step === 'protect') return undefined;
  return before;
}

/** Whether leaving this question sets the vault up: all is known by then. */
export function setsUpVault(place: FlowPlace): boolean {
  const after = stepAfter(place);
  const isSetUp = AFTER_SET_UP.includes(place.step);
  return !isSetUp && (after === undefined || AFTER_SET_UP.includes(after));
}

/** Which of how many, from 1; the welcome page counts as none. */
export function progressOf(place: FlowPlace): {
  readonly position: number;
  readonly count: number;
} {
  const questions = questionsOf(place);
  return { position: questions.indexOf(place.step), count: questions.length - 1 };
}

/**
 * Where somebody goes on who left in the middle, or undefined when there is nothing left to ask.
 *
 * Nothing is written down for that: the vault's own state says how far it came.
 */
export function resumeStep(facts: {
  readonly home: 'empty' | 'locked' | 'opening' | 'open' | 'failed';
  readonly folders: readonly {
    readonly isHere: boolean;
    readonly removed: boolean;
    readonly snapshotCount: number;
  }[];
}): Step | undefined {
  if (facts.home === 'empty') return 'welcome';
  if (facts.home !== 'open') return undefined;
  // Whoever has protected anything anywhere knows how to add a folder.
  if (facts.folders.some(({ snapshotCount }) => snapshotCount > 0)) return undefined;
  const waiting = facts.folders.filter(({ isHere, removed }) => isHere && !removed);
  return waiting.length === 0 ? 'folder' : 'fund';
}
