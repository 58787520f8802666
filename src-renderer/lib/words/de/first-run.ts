/** @file Deutsch: der erste Start, von der Begrüßung bis zum ersten geschützten Ordner. */
import type { firstRun as en } from '../en/first-run.ts';
import type { Translation } from '../sentence.ts';

export const firstRun: Translation<typeof en> = {
  'first.label': 'Floe einrichten',
  'first.step': 'Schritt {position} von {count}',
  'first.back': 'Zurück',
  'first.next': 'Weiter',
  'first.later': 'Jetzt nicht',

  'first.welcome.title': 'Deine Ordner in Sicherheit',
  'first.welcome.what':
    'Floe hält von den Ordnern, die du wählst, eine verschlüsselte Kopie, verteilt auf viele Speicherknoten. Geht dieser Computer verloren oder kaputt, holst du alles auf einem anderen zurück.',
  'first.welcome.new': 'Neu beginnen',
  'first.welcome.new-what':
    'Du bekommst 24 Wörter. Sie sind der einzige Schlüssel zu deinen Ordnern.',
  'first.welcome.existing': 'Ich habe meine Wörter',
  'first.welcome.existing-what':
    'Hol deine Ordner zurück, oder verbinde diesen Computer mit ihnen.',
  'first.welcome.note':
    'Es dauert etwa fünf Minuten. Du siehst jeden Preis, bevor etwas ausgegeben wird.',

  'first.network.title': 'Wo sollen deine Ordner liegen?',
  'first.network.title-existing': 'Wo liegen deine Ordner?',
  'first.network.what':
    'Das lässt sich später nicht ändern: Ein anderes Netzwerk ist ein anderer Tresor. Ordner der Probe können umziehen.',
  'first.network.what-existing':
    'Dein Notfallblatt nennt es. Wenn du nicht sicher bist, versuch Mainnet.',
  'first.network.local': 'Ausprobieren auf diesem Computer',
  'first.network.local-what':
    'Alles bleibt auf diesem Computer. Du siehst, wie Floe arbeitet, und es kostet nichts, aber es schützt vor keinem Verlust der Festplatte.',
  'first.network.testnet': 'Testnet',
  'first.network.testnet-what':
    'Ein öffentliches Netzwerk zum Üben, bezahlt mit kostenlosen Testmünzen. Was dort liegt, kann jederzeit verschwinden; lass dort nichts liegen, was es nur einmal gibt.',
  'first.network.mainnet': 'Mainnet',
  'first.network.mainnet-what':
    'Das richtige Netzwerk, bezahlt mit richtigen Münzen. Floe verlängert deinen Speicher rechtzeitig, solange genug im Wallet ist.',
  'first.network.ahead': 'Im Voraus bezahlt für höchstens {time}',
  'first.network.price': 'Etwa {price} im Monat für 1 GB',
  'first.network.asking': 'Frage das Netzwerk',
  'first.network.silent': 'Es antwortet gerade nicht',
  'first.network.starting': 'Starte das Netzwerk auf diesem Computer',

  'first.words.title': 'Diese 24 Wörter sind dein Schlüssel',
  'first.words.what':
    'Schreib sie der Reihe nach auf Papier, oder speichere das Notfallblatt. Mit ihnen holst du deine Ordner auf jedem Computer zurück. Du siehst sie nur jetzt.',
  'first.words.warning':
    'Wer diese Wörter hat, hat deine Ordner. Ohne sie kann niemand etwas zurückholen, auch nicht, wer Floe macht.',
  'first.words.grid': 'Deine 24 Wörter',
  'first.words.save': 'Blatt speichern',
  'first.words.print': 'Blatt drucken',
  'first.words.save-page': 'Seite zum Drucken speichern',
  'first.words.saved': 'Das Notfallblatt ist gespeichert als {file}.',
  'first.words.have': 'Ich habe sie',

  'first.confirm.title': 'Stimmt deine Abschrift?',
  'first.confirm.what':
    'Tippe drei der Wörter aus deiner Abschrift ab, damit sie eines Tages sicher funktioniert.',
  'first.confirm.what-kit':
    'Tippe drei der Wörter aus deiner Abschrift ab, oder öffne das Notfallblatt, das du gespeichert hast.',
  'first.confirm.word': 'Wort {number}',
  'first.confirm.wrong': 'Wort {number} heißt anders. Vergleiche es mit deiner Abschrift.',
  'first.confirm.check': 'Prüfen',
  'first.confirm.open': 'Gespeichertes Blatt öffnen',
  'first.confirm.kit-wrong':
    'In dieser Datei stehen andere Wörter. Öffne das Blatt, das du eben gespeichert hast.',
  'first.confirm.expired':
    'Nach langem Warten sind die Wörter verfallen. Floe hat neue gemacht: Schreib diese auf.',
  'first.confirm.skip': 'Beim Ausprobieren überspringen',

  'first.enter.title': 'Gib deine 24 Wörter ein',
  'first.enter.what':
    'In der Reihenfolge deiner Abschrift. Du kannst alle auf einmal einfügen oder dein Notfallblatt öffnen.',
  'first.enter.field': 'Wort {number}',
  'first.enter.open': 'Notfallblatt öffnen',
  'first.enter.unknown': 'Wort {number}, „{word}“, gehört nicht zu den Wörtern, die Floe benutzt.',
  'first.enter.meant': 'Meintest du {word}?',
  'first.enter.missing': { one: 'Es fehlt {count} Wort.', other: 'Es fehlen {count} Wörter.' },
  'first.enter.mixed':
    'Alle 24 sind bekannte Wörter, aber zusammen passen sie nicht. Eines steht in deiner Abschrift anders, oder zwei haben die Plätze getauscht.',
  'first.enter.bad-kit': 'Diese Datei ist kein Notfallblatt, oder sie wurde verändert.',
  'first.enter.look': 'Nachsehen',
  'first.enter.looking': 'Suche deine Ordner auf {network}',
  'first.enter.nothing': 'Diese Wörter öffnen nichts auf {network}',
  'first.enter.nothing-what':
    'Sie sind richtig gebildet; vielleicht liegen deine Ordner auf einem anderen Netzwerk. Oder beginne hier einen neuen Tresor mit ihnen.',
  'first.enter.other-network': 'Anderes Netzwerk wählen',
  'first.enter.start': 'Neuen Tresor mit diesen Wörtern beginnen',

  'first.found.title': 'Deine Ordner sind da',
  'first.found.sum': { one: '{size} in {count} Ordner', other: '{size} in {count} Ordnern' },
  'first.found.devices': {
    one: 'Bisher von {count} Gerät gepflegt',
    other: 'Bisher von {count} Geräten gepflegt',
  },
  'first.found.folder': 'Ordner',
  'first.found.size': 'Größe',
  'first.found.newest': 'Letzte Änderung',
  'first.found.until': 'Geschützt bis',
  'first.found.never': 'nicht bekannt',
  'first.found.empty': 'Dieser Tresor hat noch keinen Ordner.',
  'first.found.restore': 'Jetzt zurückholen',
  'first.found.connect': 'Nur verbinden',
  'first.found.connect-what':
    'Verbinden kostet nichts und ändert nichts. Zurückholen kannst du jederzeit.',

  'first.place.title': 'Wer darf Floe auf diesem Computer öffnen?',
  'first.place.what':
    'Floe bewahrt die Wörter auf diesem Computer auf, damit es von selbst arbeiten kann. Du bestimmst, wie sie verschlossen sind.',
  'first.place.keychain': 'Wer sich als ich anmelden kann',
  'first.place.keychain-what':
    'Die Wörter liegen im Schlüsselbund dieses Computers. Du musst nichts eintippen.',
  'first.place.passphrase': 'Wer eine Passphrase weiß',
  'first.place.passphrase-what':
    'Die Wörter sind damit versiegelt. Floe fragt bei jedem Start danach und schützt bis dahin nichts.',
  'first.place.problem':
    'Er lässt sich gerade nicht benutzen: Es gibt keinen, oder er ist gesperrt.',
  'first.place.unlock': 'Öffne den Schlüsselbund deines Computers und versuche es noch einmal.',
  'first.place.field': 'Passphrase',
  'first.place.again': 'Noch einmal dieselbe',
  'first.place.short': 'Nimm mindestens {count} Zeichen. Vier oder fünf Wörter sind gut.',
  'first.place.differ': 'Die beiden sind nicht gleich.',
  'first.place.forgot': 'Wenn du sie vergisst, öffnen deine 24 Wörter weiterhin alles.',
  'first.place.done': 'Fertig',
  'first.place.working': 'Richte ein',

  'first.folder.title': 'Welcher Ordner zuerst?',
  'first.folder.what':
    'Weitere kommen später. Floe zeigt, was es bewahren würde und was das kostet.',
  'first.folder.choose': 'Ordner wählen',
  'first.folder.other': 'Anderen wählen',
  'first.folder.looking': 'Sehe nach, was darin ist',
  'first.folder.sum': '{size} in {files}',
  'first.folder.at-least': 'Mindestens {size} in {files}. Es wird noch gezählt.',
  'first.folder.nothing': 'In diesem Ordner ist noch nichts. Floe bewahrt, was kommt.',
  'first.folder.ignored': 'Ausgelassen: {size} in {files}',
  'first.folder.ignored-none': 'Nichts wird ausgelassen.',
  'first.folder.rule': 'nach der Regel {rule}',
  'first.folder.such-as': 'zum Beispiel {examples}',
  'first.folder.unread': {
    one: '{count} Datei lässt sich nicht lesen und würde fehlen',
    other: '{count} Dateien lassen sich nicht lesen und würden fehlen',
  },
  'first.folder.largest': 'Die größten Dateien',
  'first.folder.name': 'Name',
  'first.folder.how-long': 'Wie lange?',
  'first.folder.keep': 'Bis ich es beende',
  'first.folder.keep-what': 'Floe verlängert von selbst, solange genug im Wallet ist.',
  'first.folder.until': 'Bis zu einem Tag',
  'first.folder.until-what': 'Dann lässt Floe ihn auslaufen und sagt es dir vorher.',
  'first.folder.date': 'Geschützt bis',
  'first.folder.bad-date': 'Wähle einen Tag nach heute.',
  'first.folder.permanent': 'Ein Archiv, das niemand entfernen kann',
  'first.folder.permanent-what':
    'Auch nicht, wer deine Wörter stiehlt, bis die Zeit um ist. Was du später darin änderst, bleibt ebenfalls bezahlt.',
  'first.folder.price': 'Was es kostet',
  'first.folder.now': 'Jetzt',
  'first.folder.per-month': 'Danach jeden Monat',
  'first.folder.until-date': 'Bis zum {date}',
  'first.folder.pays-until': 'Die erste Zahlung reicht bis zum {date}.',
  'first.folder.gas': 'und {amount} für die Transaktionen',
  'first.folder.pricing': 'Frage nach dem Preis',
  'first.folder.encoded':
    'Das Netzwerk speichert dafür {size}, damit ein Drittel der Speicherknoten ausfallen darf.',
  'first.folder.protect': 'Schützen für {price}',
  'first.folder.protect-free': 'Schützen',

  'first.fund.title': 'Noch Münzen, dann geht es los',
  'first.fund.what': 'So viel braucht dein Wallet für {folder}:',
  'first.fund.enough': 'Dein Wallet hat genug',
  'first.fund.missing': 'Es fehlen {amounts}',
  'first.fund.has': 'Jetzt sind {wal} und {sui} darin.',
  'first.fund.address': 'Schick es an diese Adresse',
  'first.fund.qr': 'Die Adresse als QR-Code',
  'first.fund.copy': 'Adresse kopieren',
  'first.fund.waiting': 'Warte, bis die Münzen ankommen',
  'first.fund.waiting-what':
    'Floe sieht von selbst nach und macht weiter, sobald sie da sind. Du kannst das Fenster solange schließen.',
  'first.fund.test-coins': 'Testmünzen holen',
  'first.fund.test-coins-what': 'Sie sind hier kostenlos und nichts wert.',
  'first.fund.asking': 'Bitte um Testmünzen',
  'first.fund.mainnet':
    'Floe verkauft keine Münzen. Kaufe SUI und WAL, wo du Vertrauen hast, und schick beides über das Sui-Netzwerk an die Adresse oben.',
  'first.fund.start': 'Beginnen',

  'first.protect.title': '{folder} wird geschützt',
  'first.protect.done': '{folder} ist geschützt',
  'first.protect.until': 'Bis zum {date}',
  'first.protect.what': 'Du kannst das Fenster schließen. Floe macht von selbst weiter.',
  'first.protect.open': 'Floe öffnen',
  'first.protect.steps': 'Was bisher geschehen ist',
  'first.protect.scan': 'Dateien angesehen',
  'first.protect.sealed': 'Verschlüsselt',
  'first.protect.stored': 'An die Speicherknoten übergeben',
  'first.protect.certified': 'Vom Netzwerk bestätigt',
  'first.protect.published': 'Notiert, damit deine Wörter es finden',
};
