/** @file Deutsch: Ordner und Dateien zurückholen. */
import type { restore as en } from '../en/restore.ts';
import type { Translation } from '../sentence.ts';

export const restore: Translation<typeof en> = {
  'restore.title': 'Zurückholen',
  'restore.answer': {
    one: '{count} Ordner lässt sich zurückholen',
    other: '{count} Ordner lassen sich zurückholen',
  },
  'restore.answer-running': {
    one: '{count} Ordner wird gerade zurückgeholt',
    other: '{count} Ordner werden gerade zurückgeholt',
  },
  'restore.answer-none': 'Noch gibt es nichts zurückzuholen',
  'restore.empty':
    'Sobald ein Ordner geschützt ist, holst du ihn von hier zurück, ganz oder Datei für Datei, wie er zu jedem Zeitpunkt war.',
  'restore.running': 'Was du zurückholst',

  'restore.moment.title': 'Welcher Ordner, und von wann?',
  'restore.moment.folder': 'Ordner',
  'restore.moment.here': 'Von diesem Gerät',
  'restore.moment.elsewhere': 'Von anderen Geräten',
  'restore.moment.removed': 'Nicht mehr geschützt',
  'restore.moment.moment': 'Zeitpunkt',
  'restore.moment.newest': 'Der neueste',
  'restore.moment.by': 'von {device}',
  'restore.moment.none': 'Von diesem Ordner ist noch nichts gespeichert.',
  'restore.moment.until': 'Lässt sich zurückholen bis {date}',

  'restore.files.title': 'Welche Dateien?',
  'restore.files.all': 'Alles in {folder}',
  'restore.files.some': 'Nur was ich auswähle',
  'restore.files.search': 'In {folder} suchen',
  'restore.files.tree': 'Dateien dieses Zeitpunkts',
  'restore.files.path': 'Du bist in',
  'restore.files.empty': 'Dieser Ordner ist leer.',
  'restore.files.no-hits': 'Keine Datei dieses Zeitpunkts hat „{text}“ im Pfad.',
  'restore.files.hits': { one: '{count} Treffer', other: '{count} Treffer' },
  'restore.files.hits-of': 'Die ersten {shown} von {total}',
  'restore.files.chosen': 'Ausgewählt: {size} in {files}',
  'restore.files.chosen-none': 'Noch ist nichts ausgewählt.',
  'restore.files.counting': 'Zähle, was ausgewählt ist',
  'restore.files.too-many':
    'In diesem Ordner liegt zu viel, um eines davon auszulassen. Wähle stattdessen einzeln, was du willst.',

  'restore.place.title': 'Wohin?',
  'restore.place.what': 'Floe überschreibt nie etwas. Es nimmt einen neuen oder leeren Ordner.',
  'restore.place.field': 'Ordner, in den zurückgeholt wird',
  'restore.place.choose': 'Wählen',
  'restore.start': '{size} zurückholen',
  'restore.start-plain': 'Zurückholen',
  'restore.costs-nothing': 'Zurückholen kostet nichts.',

  'restore.task.title': '{folder} wird zurückgeholt',
  'restore.task.title-done': '{folder} ist wieder da',
  'restore.task.title-done-some': 'Was du aus {folder} gewählt hast, ist wieder da',
  'restore.task.title-lost': 'Das meiste von {folder} ist wieder da',
  'restore.task.title-failed': '{folder} zurückzuholen ist ins Stocken geraten',
  'restore.task.title-cancelled': '{folder} zurückzuholen wurde angehalten',
  'restore.task.title-interrupted': '{folder} zurückzuholen wurde unterbrochen',
  'restore.task.waiting': 'Wartet, bis es dran ist',
  'restore.task.to': 'Nach {target}',
  'restore.task.from': 'Wie er am {date} war',
  'restore.task.close': 'Du kannst das Fenster schließen. Floe macht von selbst weiter.',
  'restore.task.files': 'Dateien',
  'restore.task.bytes': 'Daten',
  'restore.task.rate': 'Tempo',
  'restore.task.left': 'Noch',
  'restore.task.elapsed': 'Bisher',
  'restore.task.unknown': 'noch nicht bekannt',
  'restore.task.counting': 'Zähle Dateien',
  'restore.task.current': 'Gerade: {path}',
  'restore.task.verified':
    'Jedes Byte wird mit seinem Fingerabdruck verglichen, bevor es geschrieben wird: bisher {size} geprüft.',
  'restore.task.done': '{size} in {files} zurückgeholt und alles geprüft.',
  'restore.task.already': {
    one: '{count} Datei war schon da und stimmt.',
    other: '{count} Dateien waren schon da und stimmen.',
  },
  'restore.task.keeps':
    'Was zurückgeholt ist, bleibt, wo es ist, und wird nicht noch einmal geholt.',
  'restore.task.stop': 'Anhalten',
  'restore.task.resume': 'Fortsetzen',
  'restore.task.show': 'Ordner zeigen',
  'restore.task.another': 'Noch etwas zurückholen',
  'restore.task.gone': 'Diese Wiederherstellung steht nicht mehr in der Liste',
  'restore.task.dismiss': 'Aus der Liste nehmen',
  'restore.task.details': 'Einzelheiten zum Zurückholen von {folder}',
  'restore.lost.title': {
    one: '{count} Datei ließ sich nicht zurückholen',
    other: '{count} Dateien ließen sich nicht zurückholen',
  },
  'restore.lost.what':
    'Was zuerst ausläuft, steht zuerst. Wenn mehr Speicherknoten antworten, holt Fortsetzen, was fehlt.',
  'restore.lost.file': 'Datei',
  'restore.lost.reason': 'Warum',
  'restore.lost.save': 'Liste speichern',
};
