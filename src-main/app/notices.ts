/**
 * @file Notifications: only what the engine calls worth one (`notice`), and only if they are wanted.
 *
 * The engine counts: one for each cause and day, none for a success.
 */
import { Notification } from 'electron';
import type { Saying } from '#contract/told.ts';
import { sayingWords } from '#contract/words/words.ts';
import type { Language } from './words.ts';

/** Kept until they are gone, or the click would be collected with them. */
const shown = new Set<Notification>();

export function showNotice(notice: Saying, language: Language, onClick: () => void): void {
  if (!Notification.isSupported()) return;
  const { happened, next } = sayingWords(notice, language);
  const notification = new Notification({ title: happened, body: next });
  shown.add(notification);
  const forget = (): void => void shown.delete(notification);
  notification.on('click', () => {
    forget();
    onClick();
  });
  notification.on('close', forget);
  notification.on('failed', forget);
  notification.show();
}
