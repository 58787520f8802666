/** @file Deutsch: was die Engine von selbst erzählt, aus Werten. Ein Wert ohne Satz kompiliert nicht. */
import type { Told } from '../told.ts';
import { coins, date, number, size } from './values.ts';
import type { Words } from './problems-de.ts';

type Values<What extends Told['what']> = Extract<Told, { readonly what: What }>;
type Plain = Exclude<Told['what'], 'problem' | 'renewal-stuck'>;

/** Was von einem Problem erzählt, braucht dessen eigenen Satz: siehe words.ts. */
export const toldDe: { readonly [What in Plain]: (values: Values<What>) => Words } = {
  stored: ({ folder, added, changed, removed, bytes }) => ({
    happened: `${folder}: ${what(added, changed, removed)} gespeichert, in ${size(bytes, 'de')}.`,
    next: '',
  }),
  restored: ({ folder, files, target, lost }) => ({
    happened: `${folder}: ${files === 0 ? 'keine Datei' : counted(files, 'Datei', 'Dateien')} nach ${target} wiederhergestellt${lost === 0 ? '' : `; ${counted(lost, 'Eintrag', 'Einträge')} ließ${lost === 1 ? '' : 'en'} sich nicht wiederherstellen`}.`,
    next: '',
  }),
  renewed: ({ folders, untilMs, frost }) => ({
    happened: `${folders} bis ${date(untilMs, 'de')} verlängert, für ${coins(frost, 'de')} WAL.`,
    next: '',
  }),
  lost: ({ folder, blobs }) => ({
    happened: `${counted(blobs, 'Blob', 'Blobs')} von ${folder} ${blobs === 1 ? 'ist' : 'sind'} nicht mehr im Netzwerk.`,
    next: 'Drücke „Jetzt sichern“: Was dort lag, wird neu gespeichert.',
  }),
  ends: ({ folder, atMs }) => ({
    happened: `${folder} ist nur bis ${date(atMs, 'de')} geschützt und wurde nicht rechtzeitig verlängert.`,
    next: 'Drücke „Jetzt verlängern“ unter Speicher: Dort steht, was im Weg ist.',
  }),
  'ends-as-chosen': ({ folder, atMs }) => ({
    happened: `${folder} endet am ${date(atMs, 'de')}, wie du es gewählt hast.`,
    next: 'Soll der Ordner bleiben, wähle unter Speicher eine längere Zeit.',
  }),
  foreign: ({ folder, blobs }) => ({
    happened: `${counted(blobs, 'Blob', 'Blobs')} von ${folder} ${blobs === 1 ? 'gehört' : 'gehören'} einem anderen Gerät dieses Tresors, und nur das kann verlängern.`,
    next: 'Lass das andere Gerät ab und zu laufen, oder füge den Ordner auf diesem neu hinzu.',
  }),
  runway: ({ atMs, frost, perMonthFrost, address }) => ({
    happened: `Das Guthaben bezahlt Verlängerungen bis ${date(atMs, 'de')}: Es sind ${coins(frost, 'de')} WAL, und alles kostet ${coins(perMonthFrost, 'de')} WAL im Monat.`,
    next: `Sende WAL und ein wenig SUI an ${address}.`,
  }),
  'short-network': ({ days, atMs }) => ({
    happened: `Dieses Netzwerk verkauft Speicher für höchstens ${days === 0 ? 'einen Bruchteil eines Tages' : counted(days, 'Tag', 'Tage')} im Voraus, jetzt bis ${date(atMs, 'de')}: Läuft so lange keines deiner Geräte, ist verloren, was hier liegt.`,
    next: 'Lass ein Gerät wenigstens alle paar Tage laufen, oder nimm ein Netzwerk mit längeren Epochen.',
  }),
  'looks-encrypted': ({ folder, files }) => ({
    happened: `${counted(files, 'Datei', 'Dateien')} von ${folder} ${files === 1 ? 'wurde' : 'wurden'} durch etwas ersetzt, das verschlüsselt aussieht. Ältere Stände bleiben, bis du nachgesehen hast.`,
    next: 'Sieh in den Ordner. Ist etwas nicht in Ordnung, stell einen älteren Stand wieder her.',
  }),
};

function what(added: number, changed: number, removed: number): string {
  const parts = [
    ...(added === 0 ? [] : [counted(added, 'neue Datei', 'neue Dateien')]),
    ...(changed === 0 ? [] : [counted(changed, 'geänderte Datei', 'geänderte Dateien')]),
    ...(removed === 0 ? [] : [counted(removed, 'entfernte Datei', 'entfernte Dateien')]),
  ];
  return parts.length === 0 ? 'Stand' : parts.join(', ');
}

const counted = (count: number, one: string, many: string): string =>
  `${number(count, 'de')} ${count === 1 ? one : many}`;
