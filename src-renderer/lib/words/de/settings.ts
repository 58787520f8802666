/** @file Deutsch: Einstellungen, Notfallblatt, Über Floe, Dateien und Ordner wählen. */
import type { settings as en } from '../en/settings.ts';
import type { Translation } from '../sentence.ts';

export const settings: Translation<typeof en> = {
  'settings.title': 'Einstellungen',
  'settings.lead': 'Änderungen gelten sofort.',
  'settings.appearance': 'Aussehen',
  'settings.language': 'Sprache',
  'settings.language.system': 'Wie der Computer',
  'settings.language.en': 'English',
  'settings.language.de': 'Deutsch',
  'settings.theme': 'Farben',
  'settings.theme.system': 'Wie der Computer',
  'settings.theme.light': 'Hell',
  'settings.theme.dark': 'Dunkel',
  'settings.running': 'Betrieb',
  'settings.login': 'Starten, wenn ich mich anmelde',
  'settings.login-hint': 'Ohne Fenster. Floe schützt deine Ordner aus der Leiste.',
  'settings.login-browser':
    'Das kann nur das Programm selbst. Lass auf einem Server das System „floe daemon“ starten.',
  'settings.metered': 'In getakteten Netzen warten',
  'settings.metered-hint': 'Auch in Netzen, von denen niemand weiß, ob sie getaktet sind.',
  'settings.battery': 'Im Akkubetrieb warten',
  'settings.battery-hint': 'Nichts beginnt von selbst, bis der Computer am Strom hängt.',
  'settings.notify': 'Bei Problemen Bescheid sagen',
  'settings.notify-hint': 'Höchstens einmal am Tag für jede Ursache. Nie bei Erfolg.',
  'settings.upload': 'Hochladen',
  'settings.upload-way': 'Wie Daten zu den Speicherknoten kommen',
  'settings.upload-auto': 'Floe wählt',
  'settings.upload-auto-hint':
    'Direkt; bei langsamer Leitung über ein Upload-Relay, das Minuten spart, wo das Netzwerk eines hat.',
  'settings.upload-direct': 'Direkt',
  'settings.upload-direct-hint':
    'Etwa das Fünffache der Daten verlässt diesen Computer. Niemand bekommt Trinkgeld.',
  'settings.upload-relay': 'Nur über ein Upload-Relay',
  'settings.upload-relay-hint':
    'Ein Relay bekommt die verschlüsselten Daten einmal und verteilt sie. Solange es nicht antwortet, warten neue Daten.',
  'settings.tip': 'Was ein Relay für ein Paket höchstens bekommt, in SUI',
  'settings.tip-hint': 'Wird mit dem Speicher bezahlt und steht in jedem Preis, den Floe zeigt.',
  'settings.tip-bad': 'Ein Betrag in SUI, höchstens 10, etwa 0,01.',
  'settings.facts': 'Dieses Gerät',
  'settings.device': 'Gerät',
  'settings.network': 'Netzwerk',
  'settings.home': 'Floes eigener Ordner',
  'settings.vault': 'Tresor-ID',
  'settings.address': 'Speicher-Wallet',
  'settings.copy-path': 'Pfad kopieren',
  'settings.copy-vault': 'Tresor-ID kopieren',
  'settings.saved': 'Gespeichert.',
  'settings.try-out': 'Probe auf diesem Computer',

  'kit.answer': 'Deine 24 Wörter bringen alles zurück',
  'kit.answer-unconfirmed': 'Noch hat niemand deine Abschrift der Wörter geprüft',
  'kit.what':
    'Auf jedem Computer: Installiere Floe, wähle „Ich habe meine Wörter“, und gib sie ein oder öffne das Blatt. Mehr braucht es nicht, und niemand sonst kann es.',
  'kit.state': 'Stand deiner Abschrift',
  'kit.confirmed': 'Sie wurde geprüft, als dieser Tresor auf diesem Gerät eingerichtet wurde.',
  'kit.unconfirmed': 'Auf diesem Gerät wurde sie nicht geprüft.',
  'kit.try-out-note':
    'Bei der Probe liegen die Wörter neben den Daten; wer sie verliert, verliert sonst nichts.',
  'kit.check.title': 'Meine Abschrift prüfen',
  'kit.check.what':
    'Einmal im Jahr ist gut. Floe vergleicht und sagt dir, ob sie stimmt. Die Wörter zeigt es nie.',
  'kit.check.open': 'Blatt öffnen',
  'kit.check.type': 'Wörter eingeben',
  'kit.check.field': 'Deine 24 Wörter',
  'kit.check.check': 'Vergleichen',
  'kit.check.right': 'Deine Abschrift stimmt. Sie öffnet diesen Tresor.',
  'kit.check.wrong': 'Das sind gültige Wörter, aber sie öffnen einen anderen Tresor.',
  'kit.check.bad':
    'Das ist kein Notfallblatt und sind keine 24 Wörter, oder etwas wurde daran verändert.',
  'kit.check.wrong-what':
    'Such nach einer anderen Abschrift. Gibt es keine, richte einen neuen Tresor ein, schütze deine Ordner damit und bewahre seine Wörter: Wem die Wörter fehlen, dem fehlt alles, sobald dieser Computer weg ist.',
  'kit.safe.title': 'Wo du es aufbewahrst',
  'kit.safe.paper': 'Auf Papier, an zwei Orten, die nicht zusammen abbrennen.',
  'kit.safe.nowhere': 'In keiner Mail, keinem Chat, keinem Foto, keiner Cloud.',
  'kit.safe.only-floe': 'Gib die Wörter nur in Floe ein, gleich wer danach fragt.',
  'kit.safe.stolen':
    'Könnte jemand sie gesehen haben, richte einen neuen Tresor ein: Wörter lassen sich nicht ändern.',

  'about.title': 'Über Floe',
  'about.lead': 'Version {version}',
  'about.what':
    'Floe bewahrt Ordner auf Walrus, einem Speichernetz, das niemandem allein gehört. Es gibt kein Konto, keinen Server von uns und keine Firma dazwischen.',
  'about.licence': 'Floe ist freie Software unter der Apache-Lizenz 2.0.',
  'about.licences': 'Woraus Floe gemacht ist',
  'about.licences-what': { one: '{count} Paket', other: '{count} Pakete' },
  'about.package': 'Paket',
  'about.version': 'Version',
  'about.package-licence': 'Lizenz',
  'about.filter': 'Pakete filtern',
  'about.none': 'Kein Paket hat „{text}“ im Namen oder in der Lizenz.',
  'about.walruscan': 'Walrus-Explorer',
  'about.suiscan': 'Sui-Explorer',
  'about.links': 'Sieh dir die Netzwerke an',

  'file.too-large': 'Diese Datei ist zu groß für ein Notfallblatt.',

  'folder-choice.title': 'Ordner wählen',
  'folder-choice.in': 'Ordner in {path}',
  'folder-choice.up': 'Nach oben',
  'folder-choice.take': 'Diesen Ordner nehmen',
  'folder-choice.empty': 'Hier ist kein Ordner.',
  'folder-choice.type': 'Oder gib seinen Pfad ein',
  'folder-choice.go': 'Dorthin',
};
