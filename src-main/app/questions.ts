/**
 * @file The two native questions: before money is spent from the tray, and before Floe quits.
 *
 * They are the shell's own windows, with its own words and the engine's numbers: nothing that a page
 * or a stranger wrote is shown in them.
 */
import { dialog } from 'electron';
import type { RenewalPlan } from '#contract/storage-api.ts';
import { costText, dateText } from './amounts.ts';
import type { HomeFacts } from './home-watch.ts';
import { wordsOf, type Language } from './words.ts';

export interface Question {
  readonly message: string;
  readonly detail: string;
  /** What will happen, as a verb; and its opposite. */
  readonly yes: string;
  readonly no: string;
}

/** `homeName`: which of several homes would pay. */
export function renewQuestion(
  plan: RenewalPlan,
  homeName: string | undefined,
  language: Language,
): Question {
  const words = wordsOf[language];
  const end = Math.min(...plan.folders.map(({ to }) => to.atMs));
  const message = words.renewQuestion(costText(plan.cost, language), dateText(end, language));
  return {
    message: homeName === undefined ? message : words.named(homeName, message),
    detail: words.renewDetail(plan.folders.map(({ name }) => name).join(', ')),
    yes: words.renewConfirm,
    no: words.cancel,
  };
}

/** Names what ends first in any of the homes, by the chain's word. */
export function quitQuestion(homes: readonly HomeFacts[], language: Language): Question {
  const words = wordsOf[language];
  const ends = homes
    .flatMap(({ status }) => status?.folders ?? [])
    .flatMap(({ name, removed, protectedUntil }) =>
      removed || !protectedUntil ? [] : [{ name, atMs: protectedUntil.atMs }],
    );
  const [earliest] = ends.sort((a, b) => a.atMs - b.atMs);
  const isBusy = homes
    .flatMap(({ tasks }) => tasks)
    .some(({ state }) => state === 'running' || state === 'waiting');
  return {
    message: words.quitQuestion,
    detail: [
      words.quitDetail,
      ...(earliest ? [words.quitEarliest(earliest.name, dateText(earliest.atMs, language))] : []),
      ...(isBusy ? [words.quitTask] : []),
    ].join(' '),
    yes: words.quitConfirm,
    no: words.quitCancel,
  };
}

/** Whether the answer is yes. Closing the dialog is no. */
export async function ask({ message, detail, yes, no }: Question): Promise<boolean> {
  const { response } = await dialog.showMessageBox({
    type: 'question',
    title: 'Floe',
    message,
    detail,
    buttons: [yes, no],
    defaultId: 1,
    cancelId: 1,
    noLink: true,
  });
  return response === 0;
}

export async function tellProblem(message: string, detail: string): Promise<void> {
  await dialog.showMessageBox({ type: 'warning', title: 'Floe', message, detail });
}
