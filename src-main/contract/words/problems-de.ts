/**
 * @file Deutsch: was geschehen ist, was Floe tut und was zu tun ist, für jeden Code; fehlt einer, sagt
 * es der Compiler. Die Zahlen kommen aus dem Kontext; jeder Satz steht auch ohne sie.
 */
import type { ErrorCode, SerializedError } from '../errors.ts';
import { coins, duration, number } from './values.ts';

type Context = SerializedError['context'];
export interface Words {
  readonly happened: string;
  readonly next: string;
}

export const problemsDe: Readonly<Record<ErrorCode, Words | ((context: Context) => Words)>> = {
  internal: {
    happened: 'In Floe ist etwas schiefgegangen, das nicht hätte geschehen dürfen.',
    next: 'Das ist ein Fehler in Floe. Melde ihn, mit der Ausgabe von „floe doctor“.',
  },
  usage: {
    happened: 'So geht es nicht.',
    next: 'Ändere die Eingabe und versuche es noch einmal.',
  },
  interrupted: {
    happened: 'Es wurde unterbrochen.',
    next: 'Beginne noch einmal: Es geht weiter, wo es stehen blieb.',
  },
  'home-in-use': {
    happened: 'Ein anderes Floe benutzt diesen Tresor.',
    next: 'Schließe das andere Floe.',
  },
  'home-not-initialised': {
    happened: 'Hier ist noch kein Tresor.',
    next: 'Richte zuerst einen ein.',
  },
  'home-locked': {
    happened: 'Der Tresor ist verschlossen.',
    next: 'Öffne den Schlüsselbund, oder gib die Passphrase ein.',
  },
  'home-other-network': {
    happened: 'Dieser Tresor gehört zu einem anderen Netzwerk.',
    next: 'Öffne den Tresor, der zu diesem Netzwerk gehört.',
  },
  'home-unwritable': {
    happened: 'In Floes eigenen Ordner lässt sich nicht schreiben.',
    next: 'Gib dir das Recht, dort zu schreiben, und starte Floe neu.',
  },
  'network-file-invalid': {
    happened: 'Die Netzwerkdatei stimmt nicht.',
    next: 'Berichtige sie; README.md zeigt eine.',
  },
  'engine-away': {
    happened: 'Floes Dienst antwortet nicht.',
    next: 'Warte einen Moment: Das Fenster verbindet sich von selbst. Wenn nicht, starte Floe neu.',
  },
  'draft-expired': {
    happened: 'Die Wörter sind verfallen.',
    next: 'Beginne von vorn: Was nicht benutzt wird, ist nach einigen Minuten vergessen.',
  },
  'ui-not-built': {
    happened: 'Das Fenster ist nicht gebaut.',
    next: 'Führe „npm start“ aus.',
  },
  'folder-missing': ({ reason }) => ({
    happened: `${MISSING[String(reason)] ?? 'Der Ordner ist nicht da.'} Floe hat nichts gelöscht und sieht wieder nach.`,
    next: 'Schließe das Laufwerk an, oder leg den Ordner zurück. Gibt es ihn nicht mehr, hör auf, ihn zu schützen.',
  }),
  'folder-unreadable': {
    happened:
      'Floe darf den Ordner nicht lesen. Was gespeichert ist, bleibt, und Floe versucht es wieder.',
    next: 'Gib dir das Recht, ihn zu lesen.',
  },
  'folder-nested': {
    happened: 'Dieser Ordner und ein geschützter liegen ineinander.',
    next: 'Schütze nur den äußeren, oder nimm ihn vorher heraus.',
  },
  'folder-unknown': {
    happened: 'Diesen Ordner kennt Floe nicht.',
    next: 'Wähle einen Ordner aus der Liste.',
  },
  'folder-name-taken': {
    happened: 'Ein anderer Ordner heißt schon so.',
    next: 'Wähle einen anderen Namen.',
  },
  'mass-deletion': ({ files }) => ({
    happened: `${count(files, 'Eine Datei ist', 'Dateien sind', 'Sehr viele Dateien sind')} auf einmal verschwunden oder geschrumpft. Floe hat angehalten und nichts gelöscht.`,
    next: 'Sag, ob das Absicht war; bis dahin wird nichts aufgegeben.',
  }),
  'sync-overdue': {
    happened:
      'Die letzte Sicherung liegt länger zurück, als sie sollte. Floe versucht es wieder, sobald es darf.',
    next: 'Drücke „Jetzt sichern“. Wenn Floe pausiert, setz es fort.',
  },
  'files-unread': {
    happened: 'Einige Dateien ließen sich nicht lesen.',
    next: 'Die Seite des Ordners nennt sie; mach sie lesbar und sichere noch einmal.',
  },
  'snapshot-unknown': {
    happened: 'Diesen Zeitpunkt gibt es nicht.',
    next: 'Wähle einen aus der Liste.',
  },
  'snapshot-kept': {
    happened: 'Dieser Zeitpunkt bleibt.',
    next: 'Wähle einen anderen.',
  },
  'path-unknown': {
    happened: 'Diese Datei gibt es zu diesem Zeitpunkt nicht.',
    next: 'Wähle eine aus der Liste.',
  },
  'restore-target-not-empty': {
    happened: 'Dort liegt schon etwas.',
    next: 'Wähle einen leeren oder neuen Ordner.',
  },
  'restore-target-unwritable': {
    happened: 'Dort lässt sich nicht schreiben.',
    next: 'Wähle einen Ordner, in den du schreiben darfst.',
  },
  'restore-target-inside-folder': {
    happened: 'Der Ort liegt im geschützten Ordner.',
    next: 'Wähle einen Ort außerhalb davon.',
  },
  'name-hostile': {
    happened: 'Ein Name wollte aus dem Ordner ausbrechen.',
    next: 'Der Eintrag wurde ausgelassen. Wer diesen Zeitpunkt schrieb, hat ihn so geschrieben.',
  },
  'clock-skewed': ({ skewMs, direction }) => ({
    happened: `Die Uhr dieses Computers geht ${skew(skewMs, direction)}. Floe macht weiter, aber Daten und Zeiten können falsch sein.`,
    next: 'Lass das System Datum und Uhrzeit selbst stellen, in den Einstellungen des Systems.',
  }),
  'disk-full': {
    happened:
      'Die Festplatte dieses Computers ist voll. Verloren ist nichts, und Floe macht weiter, sobald Platz ist.',
    next: 'Schaff Platz auf der Festplatte.',
  },
  'too-many-open-files': {
    happened:
      'Dieser Computer lässt Floe gerade keine weiteren Dateien öffnen. Verloren ist nichts, und Floe macht später weiter.',
    next: 'Schließe andere Programme. Hält es an, erlaube Floe mehr offene Dateien.',
  },
  'words-invalid': ({ position }) => ({
    happened:
      position === undefined
        ? 'Diese Wörter gehören nicht zu diesem Tresor.'
        : `Das ${String(position)}. Wort ist keines, das es geben kann.`,
    next: 'Vergleiche sie mit deiner Abschrift: jedes Wort und die Reihenfolge.',
  }),
  'words-open-nothing': {
    happened: 'Diese Wörter öffnen nichts auf diesem Netzwerk.',
    next: 'Prüfe Wörter und Netzwerk, oder beginne einen neuen Tresor.',
  },
  'secret-store-unavailable': ({ place }) =>
    place === 'passphrase'
      ? {
          happened:
            'Die Wörter sind mit einer Passphrase versiegelt, und niemand hat sie eingegeben.',
          next: 'Gib die Passphrase ein.',
        }
      : {
          happened:
            'Der Schlüsselbund dieses Computers gibt die Wörter nicht heraus: Er ist gesperrt, oder es gibt keinen. Gespeichertes bleibt sicher; Neues wartet.',
          next: 'Entsperre den Schlüsselbund dieses Computers; Floe öffnet sich dann von selbst.',
        },
  'passphrase-wrong': {
    happened: 'Das ist nicht die Passphrase.',
    next: 'Gib die ein, mit der der Tresor eingerichtet wurde.',
  },
  'kit-unconfirmed': {
    happened: 'Die Abschrift der Wörter ist noch nicht geprüft.',
    next: 'Tippe die Wörter ab, oder öffne das gespeicherte Notfallblatt.',
  },
  'rpc-unreachable': {
    happened:
      'Das Netzwerk antwortet nicht. Was gespeichert ist, ist sicher; Neues wartet, bis es antwortet, und Floe versucht es weiter.',
    next: 'Prüfe die Verbindung dieses Computers.',
  },
  'rpc-disagreement': {
    happened:
      'Zwei Zugänge zum Netzwerk sagen Verschiedenes. Floe glaubt keinem und fragt noch einmal.',
    next: 'Warte. Hält es an, ersetze einen davon in der Netzwerkdatei.',
  },
  'rpc-invalid-answer': {
    happened: 'Der Zugang zum Netzwerk antwortet mit etwas, das nicht stimmt.',
    next: 'Nimm in der Netzwerkdatei einen anderen.',
  },
  'relay-absent': {
    happened: 'Dieses Netzwerk nennt kein Upload-Relay, und anders soll Floe nicht hochladen.',
    next: 'Lass in den Einstellungen Floe den Weg wählen.',
  },
  'relay-unreachable': ({ isDirect }) => ({
    happened: `Das Upload-Relay antwortet nicht. ${relayEnding(isDirect)}`,
    next: relayStep(isDirect),
  }),
  'relay-refused': ({ isDirect }) => ({
    happened: `Das Upload-Relay nimmt die Daten nicht an. ${relayEnding(isDirect)}`,
    next: relayStep(isDirect),
  }),
  'relay-invalid-answer': ({ isDirect }) => ({
    happened: `Die Antwort des Upload-Relays stimmt nicht. Floe hat nichts davon geglaubt. ${relayEnding(isDirect)}`,
    next: relayStep(isDirect),
  }),
  'relay-tip-too-high': {
    happened: 'Das Upload-Relay will mehr Trinkgeld, als du erlaubst. Bezahlt wurde nichts.',
    next: 'Erlaube in den Einstellungen mehr, oder lass Floe den Weg wählen.',
  },
  'transaction-refused': {
    happened: 'Eine Transaktion wurde abgelehnt.',
    next: 'Floe liest den Stand noch einmal und versucht es wieder.',
  },
  'price-changed': {
    happened:
      'Der Preis hat sich geändert, während Floe bezahlte. Ausgegeben wurde nichts, und Floe fragt noch einmal.',
    next: 'Nichts zu tun: Es geht von selbst weiter.',
  },
  'epoch-changed': {
    happened: 'Eine neue Epoche hat begonnen.',
    next: 'Floe fragt noch einmal.',
  },
  'storage-exhausted': {
    happened: 'Das Netzwerk hat für so lange keinen freien Speicher.',
    next: 'Wähle weniger Epochen, oder warte.',
  },
  'blob-expired': {
    happened:
      'Die bezahlte Zeit eines Teils dieses Ordners ist abgelaufen. Floe speichert ihn mit der nächsten Sicherung neu, von diesem Computer.',
    next: 'Drücke „Jetzt sichern“, mit dem Ordner an seinem Platz.',
  },
  'blob-not-certified': {
    happened:
      'Ein Teil dieses Ordners ist noch nicht bestätigt. Floe fragt mit der nächsten Sicherung noch einmal.',
    next: 'Drücke „Jetzt sichern“, oder warte auf die nächste Sicherung.',
  },
  'balance-low': (context) => ({
    happened: `${lacking(context)} Was geschützt ist, bleibt es bis zu seinem Datum; Neues wartet.`,
    next: 'Füge Münzen hinzu: Die Ansicht Speicher hat die Adresse.',
  }),
  'cap-exceeded': ({ amount, cap }) => ({
    happened:
      amount === undefined || cap === undefined
        ? 'Das wäre mehr, als du auf einmal erlaubst. Floe hat nichts bezahlt und sieht später wieder nach.'
        : `Das würde ${coins(amount, 'de')} Münzen kosten, mehr als die ${coins(cap, 'de')}, die du auf einmal erlaubst. Floe hat nichts bezahlt und sieht später wieder nach.`,
    next: 'Warte, bis der Preis gefallen ist, oder heb die Grenze unter Speicher an.',
  }),
  'price-risen': ({ amount, shown }) => ({
    happened:
      amount === undefined || shown === undefined
        ? 'Das kostet inzwischen mehr, als dir gezeigt wurde. Mehr als das zahlt Floe nicht.'
        : `Das kostet inzwischen ${coins(amount, 'de')} WAL, mehr als die ${coins(shown, 'de')} WAL, denen du zugestimmt hast. Mehr als das zahlt Floe nicht.`,
    next: 'Sieh dir den Preis an, der jetzt gilt, und stimme dem zu.',
  }),
  'withdrawal-unanswered': {
    happened:
      'Das Netzwerk hat nicht gesagt, ob die Münzen gesendet wurden: Vielleicht sind sie es, vielleicht werden sie es noch. Wer dasselbe noch einmal sendet, sendet es nicht doppelt.',
    next: 'Sende dasselbe noch einmal, wenn das Netzwerk antwortet, oder sieh in den Zahlungen nach.',
  },
  'transaction-not-allowed': {
    happened: 'Floe hat sich geweigert, etwas zu unterschreiben, wofür es nicht da ist.',
    next: 'Melde das.',
  },
  'node-unreachable': {
    happened: 'Ein Speicherknoten antwortet nicht.',
    next: 'Floe nimmt die anderen.',
  },
  'node-invalid-answer': {
    happened: 'Ein Speicherknoten antwortete mit etwas, das nicht stimmt.',
    next: 'Floe nimmt die anderen.',
  },
  'quorum-missing': (context) => ({
    happened: `${nodes(context)}, zu viele, um Neues zu speichern. Was gespeichert ist, ist sicher, und Floe versucht es weiter.`,
    next: 'Nichts zu tun. Hält es an, prüfe die Verbindung dieses Computers.',
  }),
  'slivers-insufficient': (context) => ({
    happened: `${nodes(context)}, zu viele, um das jetzt zu lesen. Verloren ist nichts, und Floe versucht es wieder.`,
    next: 'Warte eine Weile. Hält es an, prüfe die Verbindung dieses Computers.',
  }),
  'blob-blocked': {
    happened: 'Die Speicherknoten geben das nicht heraus.',
    next: 'Daran lässt sich von hier nichts ändern.',
  },
  'blob-inconsistent': {
    happened: 'Das wurde falsch kodiert und lässt sich nicht lesen.',
    next: 'Daran lässt sich von hier nichts ändern.',
  },
  'blob-too-large': {
    happened: 'Das ist zu groß für ein Stück.',
    next: 'Nimm mehr Shards, oder teile die Datei.',
  },
  'encoding-invalid-input': {
    happened: 'Die Bytes sind nicht, was das Protokoll erlaubt.',
    next: 'Daran lässt sich von hier nichts ändern.',
  },
  'pack-damaged': {
    happened: 'Ein gespeicherter Teil ist beschädigt.',
    next: 'Was diesen Teil nicht braucht, lässt sich weiter zurückholen.',
  },
  'index-damaged': {
    happened:
      'Floes eigene Liste des Gespeicherten ist beschädigt oder zu alt. Was gespeichert ist, ist sicher; Neues wartet, bis die Liste aus dem Netzwerk zurückgelesen ist.',
    next: 'Lass die Liste aus dem Netzwerk zurücklesen.',
  },
  'spool-damaged': {
    happened: 'Was zum Hochladen bereitlag, ist beschädigt.',
    next: 'Sichere noch einmal: Floe verschlüsselt die betroffenen Dateien neu.',
  },
  'format-unknown': {
    happened: 'Das hat ein neueres Floe geschrieben.',
    next: 'Bring Floe auf den neuesten Stand.',
  },
  'restore-incomplete': {
    happened: 'Nicht alles ließ sich zurückholen.',
    next: 'Drücke „Fortsetzen“, wenn mehr Speicherknoten antworten.',
  },
  'head-rolled-back': {
    happened:
      'Das Netzwerk zeigt einen älteren Stand, als dieser Computer veröffentlicht hat. Floe baut nicht darauf und fragt noch einmal.',
    next: 'Warte. Hält es an, nimm in der Netzwerkdatei einen anderen Zugang.',
  },
  'account-taken': {
    happened:
      'Ein anderer Computer von dir benutzt das Konto, das dieser genommen hatte. Floe hat nichts bezahlt und ein anderes Konto gewählt.',
    next: 'Starte Floe noch einmal, und sende Guthaben an die Adresse, die es dann zeigt.',
  },
  'port-taken': {
    happened: 'Der Port ist besetzt.',
    next: 'Schließe das Programm, das ihn benutzt.',
  },
  'localnet-in-use': {
    happened: 'Ein anderes Floe betreibt das Netzwerk dieses Computers.',
    next: 'Schließe das andere Floe.',
  },
  'localnet-not-running': {
    happened: 'Das Netzwerk dieses Computers läuft nicht.',
    next: 'Starte Floe neu: Es startet auch das Netzwerk.',
  },
};

const MISSING: Readonly<Record<string, string>> = {
  missing: 'Der Ordner ist nicht mehr da.',
  'not-directory': 'Wo der Ordner war, liegt etwas anderes.',
  unmounted: 'Der Ordner ist leer: Sein Laufwerk scheint nicht angeschlossen zu sein.',
  empty: 'Der Ordner hatte Dateien und ist jetzt leer.',
};

function count(
  value: Context[string] | undefined,
  one: string,
  many: string,
  none: string,
): string {
  if (value === undefined) return none;
  return Number(value) === 1 ? one : `${number(Number(value), 'de')} ${many}`;
}

/** Was mit den Daten geschehen ist: `isDirect`, wenn sie ohne das Relay hochgeladen wurden. */
const relayEnding = (isDirect: Context[string] | undefined): string =>
  isDirect === undefined
    ? 'Gespeichertes bleibt sicher; Neues wartet.'
    : 'Floe hat stattdessen direkt hochgeladen.';
const relayStep = (isDirect: Context[string] | undefined): string =>
  isDirect === undefined
    ? 'Lass in den Einstellungen Floe den Weg wählen.'
    : 'Nichts zu tun: Es geht von selbst weiter.';

const nodes = ({ failedNodes }: Context): string =>
  count(
    failedNodes,
    'Ein Speicherknoten antwortet nicht',
    'Speicherknoten antworten nicht',
    'Einige Speicherknoten antworten nicht',
  );

function lacking({ walFrost, neededFrost }: Context): string {
  if (walFrost === undefined || neededFrost === undefined) return 'Im Wallet ist zu wenig.';
  if (BigInt(walFrost) >= BigInt(neededFrost)) return 'Im Wallet ist zu wenig SUI für Gebühren.';
  return `Im Wallet sind ${coins(walFrost, 'de')} WAL; das hier braucht ${coins(neededFrost, 'de')}.`;
}

function skew(skewMs: Context[string] | undefined, direction: Context[string] | undefined): string {
  if (skewMs === undefined) return 'falsch';
  return `${duration(Number(skewMs), 'de')} ${direction === 'behind' ? 'nach' : 'vor'}`;
}
