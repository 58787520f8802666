/**
 * @file English: what to do about a problem in a window, where the engine's own next step speaks of the
 * command line. What happened is said by the engine.
 */
import type { ErrorCode, SerializedError } from '../errors.ts';

type Step = string | ((context: SerializedError['context']) => string);

/** `isDirect`: what was to go by an upload relay went without it. */
const withoutRelay: Step = ({ isDirect }) =>
  isDirect === undefined
    ? 'Let Floe choose the way, in the settings.'
    : 'Nothing to do: it goes on by itself.';

export const nextStepsEn: Partial<Readonly<Record<ErrorCode, Step>>> = {
  internal: 'This is a defect in Floe. Report it, with what “floe doctor” prints.',
  usage: 'Change what you typed and try again.',
  interrupted: 'Start it again: it goes on where it stopped.',
  'home-in-use': 'Close the other Floe that uses this vault.',
  'home-not-initialised': 'Set up a vault first.',
  'home-other-network': 'Open the vault that belongs to this network.',
  'home-unwritable': 'Give yourself the right to write there, then start Floe again.',
  'folder-unknown': 'Choose one of the folders in the list.',
  'folder-name-taken': 'Choose another name.',
  'mass-deletion': 'Say whether it was on purpose; until then nothing is given up.',
  'sync-overdue': 'Press Sync now. If Floe is paused, resume it.',
  'files-unread': 'The folder’s page lists them; make them readable and sync again.',
  'snapshot-unknown': 'Choose a moment from the list.',
  'snapshot-kept': 'Choose another moment.',
  'path-unknown': 'Choose a file from the list.',
  'restore-target-not-empty': 'Choose an empty or new folder.',
  'restore-target-unwritable': 'Choose a folder that you may write to.',
  'restore-target-inside-folder': 'Choose a place outside the protected folder.',
  'words-open-nothing': 'Check the words and the network, or start a new vault.',
  'secret-store-unavailable': ({ place }) =>
    place === 'passphrase'
      ? 'Type the passphrase.'
      : 'Unlock the keychain of this computer; Floe then opens by itself.',
  'kit-unconfirmed': 'Type the words back, or open the saved kit.',
  'relay-absent': 'Let Floe choose the way, in the settings.',
  'relay-unreachable': withoutRelay,
  'relay-refused': withoutRelay,
  'relay-invalid-answer': withoutRelay,
  'relay-tip-too-high': 'Allow a larger tip in the settings, or let Floe choose the way.',
  'blob-not-certified': 'Press Sync now, so that the upload is finished.',
  'balance-low': 'Add coins: the Storage view has the address.',
  'cap-exceeded': 'Raise the limit in Storage, or wait until the day or the epoch is over.',
  'withdrawal-unanswered':
    'Send the same again when the network answers, or look into the spending history.',
  'pack-damaged': 'Everything that doesn’t need this part can still be restored.',
  'index-damaged': 'Have the list read back from the network.',
  'restore-incomplete': 'Press Resume when more storage nodes answer.',
  'localnet-not-running': 'Start Floe again: it starts the network of this computer, too.',
  'port-taken': 'Close the program that uses the port.',
  'localnet-in-use': 'Close the other Floe that runs the network of this computer.',
};
