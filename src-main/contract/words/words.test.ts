/** What the engine tells has words in every language, and next steps lead somewhere in a window. */
import { describe, expect, test } from 'vitest';
import { errorCodes, type ErrorCode, type SerializedError } from '../errors.ts';
import type { Saying, Told } from '../told.ts';
import { problemWords, sayingWords } from './words.ts';

const AT_MS = Date.UTC(2027, 2, 14, 12);
/** What only a terminal can do, and says so with the whole command. */
const IN_A_TERMINAL: readonly ErrorCode[] = ['internal', 'ui-not-built'];

const failure = (code: ErrorCode, context: SerializedError['context'] = {}): SerializedError => ({
  code,
  message: 'something is wrong',
  next: errorCodes[code].next,
  context,
});

describe.each(['en', 'de'] as const)('in %s', (language) => {
  test.each(Object.keys(errorCodes) as ErrorCode[])('%s is a sentence with a step', (code) => {
    const { happened, next } = problemWords(failure(code), language);
    for (const text of [happened, next]) {
      expect(text).toMatch(/^["„A-ZÄÖÜ0-9].*[.?]$/);
      expect(text).not.toMatch(/undefined|NaN|null|!/);
      if (!IN_A_TERMINAL.includes(code)) expect(text).not.toMatch(/`|--[a-z]|\bfloe [a-z]/);
    }
  });
});

describe('the figures of a failure in German', () => {
  test.each<{ code: ErrorCode; context: SerializedError['context']; says: string }>([
    { code: 'quorum-missing', context: { failedNodes: 1 }, says: 'Ein Speicherknoten antwortet' },
    { code: 'quorum-missing', context: { failedNodes: 38 }, says: '38 Speicherknoten antworten' },
    {
      code: 'balance-low',
      context: { walFrost: '120000000', neededFrost: '410000000' },
      says: 'Im Wallet sind 0,12 WAL; das hier braucht 0,41.',
    },
    {
      code: 'balance-low',
      context: { walFrost: '500', neededFrost: '400' },
      says: 'zu wenig SUI für Gebühren',
    },
    {
      code: 'cap-exceeded',
      context: { amount: '12500000000', cap: '1000000000' },
      says: '12,5 Münzen kosten, mehr als die 1,',
    },
    { code: 'mass-deletion', context: { files: 1612 }, says: '1.612 Dateien sind auf einmal' },
    { code: 'folder-missing', context: { reason: 'unmounted' }, says: 'Sein Laufwerk' },
    {
      code: 'clock-skewed',
      context: { skewMs: 5_400_000, direction: 'behind' },
      says: 'geht 90 Minuten nach.',
    },
    {
      code: 'clock-skewed',
      context: { skewMs: 864_000_000, direction: 'ahead' },
      says: 'geht 10 Tage vor.',
    },
    { code: 'words-invalid', context: { position: 5 }, says: 'Das 5. Wort' },
  ])('of $code: $says', ({ code, context, says }) => {
    expect(problemWords(failure(code, context), 'de').happened).toContain(says);
  });
});

/** One of each, and what German says of it. The compiler asks for every `what`. */
const TOLD: { readonly [What in Told['what']]: [Extract<Told, { what: What }>, string] } = {
  stored: [
    { what: 'stored', folder: 'Fotos', added: 1, changed: 1204, removed: 0, bytes: 3_210_000 },
    'Fotos: 1 neue Datei, 1.204 geänderte Dateien gespeichert, in 3,2 MB.',
  ],
  restored: [
    { what: 'restored', folder: 'Fotos', files: 12, target: '/da', lost: 2 },
    'Fotos: 12 Dateien nach /da wiederhergestellt; 2 Einträge ließen sich nicht wiederherstellen.',
  ],
  renewed: [
    { what: 'renewed', folders: 'Fotos', untilMs: AT_MS, frost: '410000000' },
    'Fotos bis 14. März 2027 verlängert, für 0,41 WAL.',
  ],
  problem: [
    { what: 'problem', folder: 'Fotos', problem: failure('disk-full') },
    'Fotos: Die Festplatte dieses Computers ist voll. Verloren ist nichts, und Floe macht weiter, sobald Platz ist.',
  ],
  lost: [
    { what: 'lost', folder: 'Fotos', blobs: 1 },
    '1 Blob von Fotos ist nicht mehr im Netzwerk.',
  ],
  ends: [
    { what: 'ends', folder: 'Fotos', atMs: AT_MS },
    'Fotos ist nur bis 14. März 2027 geschützt und wurde nicht rechtzeitig verlängert.',
  ],
  'ends-as-chosen': [
    { what: 'ends-as-chosen', folder: 'Fotos', atMs: AT_MS },
    'Fotos endet am 14. März 2027, wie du es gewählt hast.',
  ],
  foreign: [
    { what: 'foreign', folder: 'Fotos', blobs: 2 },
    '2 Blobs von Fotos gehören einem anderen Gerät dieses Tresors, und nur das kann verlängern.',
  ],
  'renewal-stuck': [
    { what: 'renewal-stuck', problem: failure('balance-low') },
    'Der Tresor lässt sich nicht ganz verlängern: Im Wallet ist zu wenig. Was geschützt ist, bleibt es bis zu seinem Datum; Neues wartet.',
  ],
  runway: [
    {
      what: 'runway',
      atMs: AT_MS,
      frost: '2500000000',
      perMonthFrost: '410000000',
      address: '0x1',
    },
    'Das Guthaben bezahlt Verlängerungen bis 14. März 2027: Es sind 2,5 WAL, und alles kostet 0,41 WAL im Monat.',
  ],
  'short-network': [
    { what: 'short-network', days: 53, atMs: AT_MS },
    'Dieses Netzwerk verkauft Speicher für höchstens 53 Tage im Voraus, jetzt bis 14. März 2027: Läuft so lange keines deiner Geräte, ist verloren, was hier liegt.',
  ],
  'looks-encrypted': [
    { what: 'looks-encrypted', folder: 'Fotos', files: 9 },
    '9 Dateien von Fotos wurden durch etwas ersetzt, das verschlüsselt aussieht. Ältere Stände bleiben, bis du nachgesehen hast.',
  ],
};

describe('what the engine tells', () => {
  const saying = (told: Told | undefined): Saying => ({
    sentence: 'In English.',
    next: 'Run `floe sync`.',
    told,
  });

  test.each(Object.values(TOLD))('%o is German in German', (told, german) => {
    expect(sayingWords(saying(told), 'de').happened).toBe(german);
  });

  test('is the engine’s own sentence in English', () => {
    expect(sayingWords(saying(TOLD.lost[0]), 'en')).toEqual({
      happened: 'In English.',
      next: 'Press Sync now: what lay there is stored anew.',
    });
  });

  test('by an earlier release is shown as it was written', () => {
    expect(sayingWords(saying(undefined), 'de').happened).toBe('In English.');
  });
});
