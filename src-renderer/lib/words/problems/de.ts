/**
 * @file Deutsch: was geschehen ist und was zu tun ist, für jeden Code. Ein Code ohne Satz lässt sich
 * nicht übersetzen, ohne dass der Compiler es merkt.
 */
import type { ErrorCode } from '#contract/errors.ts';

export const sentences: Readonly<
  Record<ErrorCode, { readonly happened: string; readonly next: string }>
> = {
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
    happened: 'Floes Motor antwortet nicht.',
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
  'folder-missing': {
    happened: 'Der Ordner ist nicht da.',
    next: 'Schließe das Laufwerk an, oder wähle einen Ordner, den es gibt.',
  },
  'folder-unreadable': {
    happened: 'Der Ordner lässt sich nicht lesen.',
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
  'mass-deletion': {
    happened:
      'Auf einmal sind sehr viele Dateien verschwunden. Floe hat angehalten und nichts gelöscht.',
    next: 'Sag, ob das Absicht war; bis dahin wird nichts aufgegeben.',
  },
  'sync-overdue': {
    happened: 'Der letzte Abgleich liegt zu lange zurück.',
    next: 'Drücke „Jetzt abgleichen“. Wenn Floe pausiert, setz es fort.',
  },
  'files-unread': {
    happened: 'Einige Dateien ließen sich nicht lesen.',
    next: 'Die Seite des Ordners nennt sie; mach sie lesbar und gleiche noch einmal ab.',
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
  'clock-skewed': {
    happened: 'Die Uhr dieses Computers geht falsch.',
    next: 'Lass das System Datum und Uhrzeit selbst stellen.',
  },
  'disk-full': {
    happened: 'Die Festplatte ist voll.',
    next: 'Schaff Platz; Floe macht von selbst weiter.',
  },
  'too-many-open-files': {
    happened: 'Floe darf keine weiteren Dateien öffnen.',
    next: 'Schließe andere Programme, oder erlaube Floe mehr Dateien (ulimit -n), mindestens 256.',
  },
  'words-invalid': {
    happened: 'Diese Wörter stimmen nicht.',
    next: 'Vergleiche sie mit deiner Abschrift.',
  },
  'words-open-nothing': {
    happened: 'Diese Wörter öffnen nichts auf diesem Netzwerk.',
    next: 'Prüfe Wörter und Netzwerk, oder beginne einen neuen Tresor.',
  },
  'secret-store-unavailable': {
    happened: 'Der Schlüsselbund gibt nichts heraus.',
    next: 'Öffne den Schlüsselbund deines Computers und versuche es noch einmal.',
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
    happened: 'Das Netzwerk antwortet nicht.',
    next: 'Prüfe die Verbindung; Floe versucht es weiter.',
  },
  'rpc-disagreement': {
    happened: 'Zwei Zugänge zum Netzwerk sagen Verschiedenes.',
    next: 'Warte, oder ersetze einen davon in der Netzwerkdatei.',
  },
  'rpc-invalid-answer': {
    happened: 'Der Zugang zum Netzwerk antwortet mit etwas, das nicht stimmt.',
    next: 'Nimm in der Netzwerkdatei einen anderen.',
  },
  'transaction-refused': {
    happened: 'Eine Transaktion wurde abgelehnt.',
    next: 'Floe liest den Stand noch einmal und versucht es wieder.',
  },
  'price-changed': {
    happened: 'Der Preis hat sich geändert.',
    next: 'Floe rechnet mit dem neuen.',
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
    happened: 'Die bezahlte Zeit ist abgelaufen.',
    next: 'Gleiche noch einmal ab, dann wird es neu gespeichert.',
  },
  'blob-not-certified': {
    happened: 'Etwas ist noch nicht ganz hochgeladen.',
    next: 'Drücke „Jetzt abgleichen“, damit es fertig wird.',
  },
  'balance-low': {
    happened: 'Im Wallet ist zu wenig dafür.',
    next: 'Füge Münzen hinzu: Die Ansicht Speicher hat die Adresse.',
  },
  'cap-exceeded': {
    happened: 'Das wäre mehr, als deine Grenzen erlauben.',
    next: 'Heb die Grenze unter Speicher an, oder warte, bis der Tag oder die Epoche vorbei ist.',
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
  'quorum-missing': {
    happened: 'Zu wenige Speicherknoten antworten.',
    next: 'Floe versucht es weiter; verloren ist nichts.',
  },
  'slivers-insufficient': {
    happened: 'Zu wenige Speicherknoten antworten, um das zu lesen.',
    next: 'Versuche es später noch einmal.',
  },
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
    happened: 'Floes Verzeichnis auf diesem Computer ist beschädigt.',
    next: 'Führe „floe doctor --rebuild-index“ aus: Es liest das Verzeichnis aus dem Netzwerk zurück.',
  },
  'spool-damaged': {
    happened: 'Was zum Hochladen bereitlag, ist beschädigt.',
    next: 'Gleiche noch einmal ab: Floe verschlüsselt die betroffenen Dateien neu.',
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
    happened: 'Das Netzwerk zeigt einen älteren Stand, als dieses Gerät schon gesehen hat.',
    next: 'Nimm einen anderen Zugang.',
  },
  'account-taken': {
    happened: 'Ein anderes Gerät benutzt dieses Konto.',
    next: 'Starte Floe noch einmal: Es macht mit einem eigenen Konto weiter, das Guthaben braucht.',
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
