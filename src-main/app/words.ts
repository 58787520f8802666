/**
 * @file Every word of the shell's own: tray and native dialogs. What the engine tells has its words in
 * contract/words, the same as in the window.
 */
import type { AppSettings } from '#contract/home-api.ts';
import type { Language } from '#contract/words/values.ts';

export type { Language };

/** The languages that there are; anything else reads English. */
export function languageOf(
  wish: AppSettings['language'] | undefined,
  systemLocale: string,
): Language {
  if (wish === 'en' || wish === 'de') return wish;
  return systemLocale.toLowerCase().startsWith('de') ? 'de' : 'en';
}

const en = {
  openFloe: 'Open Floe',
  quit: 'Quit Floe',
  syncNow: 'Sync now',
  pauseHour: 'Pause for an hour',
  pauseTomorrow: 'Pause until tomorrow',
  resume: 'Resume now',
  restore: 'Restore…',
  renewNow: (price: string) => `Renew now (${price})…`,
  renewNothing: 'Renew now (nothing is due)',
  renewUnknown: 'Renew now',
  setUp: 'Set up Floe…',
  unlock: 'Unlock Floe…',
  starting: 'Floe is starting.',
  engineAway: 'Floe is starting its engine again.',
  engineFailed: (happened: string) => `Floe's engine does not run: ${happened}`,
  empty: 'Floe is not set up yet.',
  locked: 'This vault is locked: its words cannot be read. Nothing new is protected meanwhile.',
  failed: (happened: string) => `Floe cannot open this vault: ${happened}`,
  noFolder: 'No folder is protected yet.',
  protectedUntil: (date: string) => `Everything is protected until ${date}.`,
  notYet: (names: string) => `Not protected yet: ${names}.`,
  attention: (name: string, happened: string) => `${name} needs attention: ${happened}`,
  next: (step: string) => `Next: ${step}`,
  wordsUnconfirmed: 'Your words are not confirmed yet.',
  tryOut: 'Try-out: everything is on this computer.',
  tryOutName: 'Try-out',
  named: (home: string, said: string) => `${home}: ${said}`,
  tryOutUntil: (date: string) => `Protected until ${date} on the local network.`,
  protectedButTryOut: (date: string) =>
    `Everything is protected until ${date}; what is in the try-out is on this computer only.`,
  pausedUntil: (time: string) => `Paused until ${time}.`,
  paused: 'Paused.',
  pausedMetered: 'Waiting: this connection is metered.',
  pausedBattery: 'Waiting: this computer runs on battery.',
  pausedOffline: 'Waiting: this computer is offline.',
  task: {
    sync: (name: string) => `Syncing ${name}`,
    restore: (name: string) => `Restoring ${name}`,
    renew: (name: string) => `Renewing ${name}`,
    compact: (name: string) => `Tidying ${name}`,
  },
  everything: 'everything',
  timeLeft: (text: string) => `${text} left`,
  more: (count: number) => `and ${String(count)} more`,
  renewQuestion: (price: string, date: string) => `Renew until ${date} for ${price}?`,
  renewDetail: (folders: string) => `${folders}. It is paid from Floe's own wallet.`,
  renewConfirm: 'Renew',
  cancel: 'Not now',
  renewFailed: 'The renewal could not be made.',
  quitQuestion: 'Quit Floe?',
  quitDetail: 'While Floe is closed, nothing new is protected and nothing is renewed.',
  quitEarliest: (name: string, date: string) =>
    `The first to end is ${name}, on ${date}: start Floe again well before then.`,
  quitTask: 'What is under way goes on when Floe starts again.',
  quitConfirm: 'Quit',
  quitCancel: 'Keep running',
};

export type Words = typeof en;

const de: Words = {
  openFloe: 'Floe öffnen',
  quit: 'Floe beenden',
  syncNow: 'Jetzt sichern',
  pauseHour: 'Eine Stunde pausieren',
  pauseTomorrow: 'Bis morgen pausieren',
  resume: 'Jetzt fortsetzen',
  restore: 'Wiederherstellen …',
  renewNow: (price) => `Jetzt verlängern (${price}) …`,
  renewNothing: 'Jetzt verlängern (nichts ist fällig)',
  renewUnknown: 'Jetzt verlängern',
  setUp: 'Floe einrichten …',
  unlock: 'Floe entsperren …',
  starting: 'Floe startet.',
  engineAway: 'Floe startet seinen Dienst neu.',
  engineFailed: (happened) => `Der Dienst von Floe läuft nicht: ${happened}`,
  empty: 'Floe ist noch nicht eingerichtet.',
  locked: 'Dieser Tresor ist gesperrt: Seine Wörter lassen sich nicht lesen. Neues wartet solange.',
  failed: (happened) => `Floe kann diesen Tresor nicht öffnen: ${happened}`,
  noFolder: 'Noch ist kein Ordner geschützt.',
  protectedUntil: (date) => `Alles ist geschützt bis ${date}.`,
  notYet: (names) => `Noch nicht geschützt: ${names}.`,
  attention: (name, happened) => `${name} braucht dich: ${happened}`,
  next: (step) => `Nächster Schritt: ${step}`,
  wordsUnconfirmed: 'Deine Wörter sind noch nicht bestätigt.',
  tryOut: 'Probe: Alles liegt auf diesem Computer.',
  tryOutName: 'Probe',
  named: (home, said) => `${home}: ${said}`,
  tryOutUntil: (date) => `Geschützt bis ${date} im lokalen Netzwerk.`,
  protectedButTryOut: (date) =>
    `Alles ist geschützt bis ${date}; was in der Probe ist, liegt nur auf diesem Computer.`,
  pausedUntil: (time) => `Pausiert bis ${time}.`,
  paused: 'Pausiert.',
  pausedMetered: 'Wartet: Diese Verbindung ist getaktet.',
  pausedBattery: 'Wartet: Dieser Computer läuft auf Akku.',
  pausedOffline: 'Wartet: Dieser Computer ist offline.',
  task: {
    sync: (name) => `${name} wird gesichert`,
    restore: (name) => `${name} wird wiederhergestellt`,
    renew: (name) => `${name} wird verlängert`,
    compact: (name) => `${name} wird aufgeräumt`,
  },
  everything: 'Alles',
  timeLeft: (text) => `noch ${text}`,
  more: (count) => `und ${String(count)} weitere`,
  renewQuestion: (price, date) => `Bis ${date} verlängern für ${price}?`,
  renewDetail: (folders) => `${folders}. Bezahlt wird aus Floes eigener Wallet.`,
  renewConfirm: 'Verlängern',
  cancel: 'Nicht jetzt',
  renewFailed: 'Die Verlängerung ist nicht gelungen.',
  quitQuestion: 'Floe beenden?',
  quitDetail: 'Solange Floe beendet ist, wird nichts Neues geschützt und nichts verlängert.',
  quitEarliest: (name, date) =>
    `Als Erstes endet ${name}, am ${date}: Starte Floe lange vorher wieder.`,
  quitTask: 'Was gerade läuft, geht beim nächsten Start weiter.',
  quitConfirm: 'Beenden',
  quitCancel: 'Weiterlaufen lassen',
};

export const wordsOf: Readonly<Record<Language, Words>> = { en, de };
