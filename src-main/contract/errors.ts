/**
 * @file Failures a user, a script or another process may react to.
 *
 * A code is listed here only if some caller branches on it (an exit code counts); everything
 * else is `internal`. Codes are stable across releases. Messages are for people and may change in
 * any release, so nothing may match on them.
 *
 * Every code has a section in docs/errors.md (checked by test/tidy).
 */

/** What a caller may do about a failed step. */
export type Retry =
  /** The same input will fail again. */
  | 'never'
  /** The cause is outside and passes by itself: wait, then repeat the step. */
  | 'after-backoff'
  /** Our view of the committee or the price is stale: reload it, then repeat the step. */
  | 'after-refresh'
  /** Only the user can remove the cause; the step waits without using up attempts. */
  | 'after-user-action';

/** What a command ends with. The numbers are documented in README.md and never change meaning. */
export const EXIT = {
  ok: 0,
  bug: 1,
  usage: 2,
  someFilesUnread: 3,
  notProtectedYet: 4,
  network: 5,
  funds: 6,
  secrets: 7,
  damage: 8,
  homeInUse: 9,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

interface CodeFacts {
  readonly retry: Retry;
  readonly exit: ExitCode;
  /** What the person can do now: one sentence, shown after the message. */
  readonly next: string;
}

/** Every code with what follows from it. */
export const errorCodes = {
  // Ourselves and the command line.
  internal: {
    retry: 'never',
    exit: EXIT.bug,
    next: 'This is a defect in Floe. Run `floe doctor` and report what it prints.',
  },
  usage: { retry: 'never', exit: EXIT.usage, next: 'Run the command with --help.' },
  interrupted: {
    retry: 'never',
    exit: EXIT.interrupted,
    next: 'Run the same command again: it goes on where it stopped.',
  },
  'home-in-use': {
    retry: 'after-user-action',
    exit: EXIT.homeInUse,
    next: 'Stop the other Floe that uses this home, or give another one with --home.',
  },
  'home-not-initialised': {
    retry: 'after-user-action',
    exit: EXIT.usage,
    next: 'Run `floe init` first.',
  },
  'home-locked': {
    retry: 'after-user-action',
    exit: EXIT.secrets,
    next: 'Unlock the keychain, or give the passphrase that the vault was set up with.',
  },
  'home-other-network': {
    retry: 'after-user-action',
    exit: EXIT.usage,
    next: 'Use another home (--home), or the network that this vault belongs to.',
  },
  'home-unwritable': {
    retry: 'after-user-action',
    exit: EXIT.usage,
    next: 'Give yourself the right to write there, or choose another home with --home.',
  },
  'network-file-invalid': {
    retry: 'after-user-action',
    exit: EXIT.usage,
    next: 'Correct the network file: README.md shows one.',
  },

  'engine-away': {
    retry: 'after-backoff',
    exit: EXIT.network,
    next: 'Wait a moment: the window connects again by itself. If it does not, start Floe again.',
  },

  'draft-expired': {
    retry: 'after-user-action',
    exit: EXIT.usage,
    next: 'Begin again: words that were not used are forgotten after some minutes.',
  },
  'ui-not-built': {
    retry: 'after-user-action',
    exit: EXIT.usage,
    next: 'Run `npm start`: it builds the window.',
  },

  // The person's folders.
  'folder-missing': {
    retry: 'after-user-action',
    exit: EXIT.usage,
    next: 'Connect the drive, or choose a folder that exists.',
  },
  'folder-unreadable': {
    retry: 'after-user-action',
    exit: EXIT.usage,
    next: 'Give yourself the right to read the folder.',
  },
  'folder-nested': {
    retry: 'after-user-action',
    exit: EXIT.usage,
    next: 'Protect the outer folder only, or remove it first.',
  },
  'folder-unknown': {
    retry: 'after-user-action',
    exit: EXIT.usage,
    next: 'Run `floe folders` to see the names.',
  },
  'folder-name-taken': {
    retry: 'after-user-action',
    exit: EXIT.usage,
    next: 'Choose another name with --name.',
  },
  'mass-deletion': {
    retry: 'after-user-action',
    exit: EXIT.notProtectedYet,
    next: 'If it was on purpose run `floe sync FOLDER --accept-deletions`; otherwise bring the files back.',
  },
  'sync-overdue': {
    retry: 'after-backoff',
    exit: EXIT.notProtectedYet,
    next: 'Run `floe sync`. If Floe is paused, let it go on.',
  },
  'files-unread': {
    retry: 'after-backoff',
    exit: EXIT.someFilesUnread,
    next: 'The files are listed by `floe status`; make them readable and sync again.',
  },
  'snapshot-unknown': {
    retry: 'after-user-action',
    exit: EXIT.usage,
    next: 'Run `floe snapshots FOLDER` to see what there is.',
  },
  'snapshot-kept': {
    retry: 'after-user-action',
    exit: EXIT.usage,
    next: 'Choose another snapshot; `floe snapshots FOLDER` lists them.',
  },
  'path-unknown': {
    retry: 'after-user-action',
    exit: EXIT.usage,
    next: 'Run `floe ls FOLDER` to see what the snapshot holds.',
  },
  'restore-target-not-empty': {
    retry: 'after-user-action',
    exit: EXIT.usage,
    next: 'Give an empty or new folder with --to.',
  },
  'restore-target-unwritable': {
    retry: 'after-user-action',
    exit: EXIT.usage,
    next: 'Give a folder with --to that you may write to.',
  },
  'restore-target-inside-folder': {
    retry: 'after-user-action',
    exit: EXIT.usage,
    next: 'Give a place outside the protected folder with --to.',
  },
  'name-hostile': {
    retry: 'never',
    exit: EXIT.damage,
    next: 'The entry was left out. The snapshot comes from somebody who wrote names that escape a folder.',
  },
  'clock-skewed': {
    retry: 'after-user-action',
    exit: EXIT.network,
    next: "Let the system set date and time by itself, in the system's settings.",
  },
  'disk-full': {
    retry: 'after-user-action',
    exit: EXIT.notProtectedYet,
    next: 'Free some space on the disk; Floe goes on by itself.',
  },
  'too-many-open-files': {
    retry: 'after-user-action',
    exit: EXIT.notProtectedYet,
    next: 'Close other programs, or let Floe open more files (ulimit -n), 256 at least.',
  },

  // Secrets.
  'words-invalid': {
    retry: 'after-user-action',
    exit: EXIT.secrets,
    next: 'Compare the words with your copy.',
  },
  'words-open-nothing': {
    retry: 'after-user-action',
    exit: EXIT.secrets,
    next: 'Check the words and the network, or start a new vault with --new.',
  },
  'secret-store-unavailable': {
    retry: 'after-user-action',
    exit: EXIT.secrets,
    next: 'Unlock the keychain, or give a passphrase with --passphrase-file.',
  },
  'passphrase-wrong': {
    retry: 'after-user-action',
    exit: EXIT.secrets,
    next: 'Give the passphrase that the vault was set up with.',
  },
  'kit-unconfirmed': {
    retry: 'after-user-action',
    exit: EXIT.secrets,
    next: 'Give --kit-file FILE, or confirm the words in a terminal.',
  },

  // The chain.
  'rpc-unreachable': {
    retry: 'after-backoff',
    exit: EXIT.network,
    next: 'Check the connection; Floe keeps trying.',
  },
  'rpc-disagreement': {
    retry: 'after-backoff',
    exit: EXIT.network,
    next: 'Two endpoints tell different things. Wait, or replace one of them in the network file.',
  },
  'rpc-invalid-answer': {
    retry: 'after-backoff',
    exit: EXIT.network,
    next: 'The endpoint answers with something that is not true. Use another one in the network file.',
  },
  'transaction-refused': {
    retry: 'after-refresh',
    exit: EXIT.network,
    next: 'Floe reads the state of the chain again and retries.',
  },
  'price-changed': {
    retry: 'after-refresh',
    exit: EXIT.network,
    next: 'Floe quotes again with the new price.',
  },
  'epoch-changed': {
    retry: 'after-refresh',
    exit: EXIT.network,
    next: 'A new epoch has begun; Floe asks again.',
  },
  'storage-exhausted': {
    retry: 'after-user-action',
    exit: EXIT.network,
    next: 'The network has no free storage for that many epochs. Choose fewer epochs or wait.',
  },
  'blob-expired': {
    retry: 'never',
    exit: EXIT.damage,
    next: 'The storage period has ended. Sync again to store the data anew.',
  },
  'blob-not-certified': {
    retry: 'after-refresh',
    exit: EXIT.notProtectedYet,
    next: 'Run `floe sync` so that the upload is finished.',
  },
  'balance-low': {
    retry: 'after-user-action',
    exit: EXIT.funds,
    next: 'Send the missing amount to the address that `floe wallet` shows.',
  },
  'cap-exceeded': {
    retry: 'after-user-action',
    exit: EXIT.funds,
    next: 'Raise the cap with `floe wallet caps`, or wait until the day or the epoch is over.',
  },
  'price-risen': {
    retry: 'after-user-action',
    exit: EXIT.funds,
    next: 'Look at the price that it has now, and agree to that one.',
  },
  'withdrawal-unanswered': {
    retry: 'after-user-action',
    exit: EXIT.network,
    next: 'Ask for the same again when the network answers, or look into `floe wallet history`.',
  },
  'transaction-not-allowed': {
    retry: 'never',
    exit: EXIT.bug,
    next: 'Floe refused to sign something outside its purpose. Report it.',
  },

  // The storage nodes.
  'node-unreachable': {
    retry: 'after-backoff',
    exit: EXIT.network,
    next: 'One storage node does not answer; Floe uses the others.',
  },
  'node-invalid-answer': {
    retry: 'after-backoff',
    exit: EXIT.network,
    next: 'One storage node answered with something that is not true; Floe uses the others.',
  },
  'quorum-missing': {
    retry: 'after-backoff',
    exit: EXIT.network,
    next: 'Too few storage nodes answer. Floe keeps trying; nothing is lost.',
  },
  'relay-absent': {
    retry: 'after-user-action',
    exit: EXIT.usage,
    next: 'Run `floe settings --upload auto`, or use a network file that names an upload relay.',
  },
  'relay-unreachable': {
    retry: 'after-backoff',
    exit: EXIT.network,
    next: 'Floe tries again. With `floe settings --upload auto` it goes on without the relay.',
  },
  'relay-refused': {
    retry: 'after-user-action',
    exit: EXIT.network,
    next: 'Run `floe settings --upload auto`: then Floe goes on without the relay.',
  },
  'relay-invalid-answer': {
    retry: 'after-backoff',
    exit: EXIT.network,
    next: 'Use another relay in the network file, or run `floe settings --upload auto`.',
  },
  'relay-tip-too-high': {
    retry: 'after-user-action',
    exit: EXIT.funds,
    next: 'Raise the most that a tip may be with `floe settings --tip-max`, or run `floe settings --upload auto`.',
  },
  'slivers-insufficient': {
    retry: 'after-backoff',
    exit: EXIT.network,
    next: 'Too few storage nodes answer to read this. Try again later.',
  },
  'blob-blocked': {
    retry: 'never',
    exit: EXIT.damage,
    next: 'The storage nodes refuse to serve this blob.',
  },
  'blob-inconsistent': {
    retry: 'never',
    exit: EXIT.damage,
    next: 'The blob was encoded wrongly by whoever wrote it and cannot be read.',
  },

  // Bytes.
  'blob-too-large': {
    retry: 'never',
    exit: EXIT.usage,
    next: 'Use more shards, or split the file.',
  },
  'encoding-invalid-input': {
    retry: 'never',
    exit: EXIT.damage,
    next: 'The bytes are not what the protocol allows.',
  },
  'pack-damaged': {
    retry: 'never',
    exit: EXIT.damage,
    next: 'Run `floe doctor`. Everything that does not need this pack can still be restored.',
  },
  'index-damaged': {
    retry: 'after-user-action',
    exit: EXIT.damage,
    next: 'Run `floe doctor --rebuild-index`: it reads the index back from the network.',
  },
  'spool-damaged': {
    retry: 'never',
    exit: EXIT.damage,
    next: 'Sync again: Floe seals the affected files anew.',
  },
  'format-unknown': {
    retry: 'never',
    exit: EXIT.damage,
    next: 'Update Floe: this was written by a newer release.',
  },
  'restore-incomplete': {
    retry: 'after-backoff',
    exit: EXIT.damage,
    next: 'The losses are listed. Run the same command again when more storage nodes answer.',
  },
  'head-rolled-back': {
    retry: 'after-user-action',
    exit: EXIT.network,
    next: 'The endpoint shows an older state than this device has seen. Use another endpoint.',
  },
  'account-taken': {
    retry: 'after-user-action',
    exit: EXIT.notProtectedYet,
    next: 'Start Floe, or run the command, again: it goes on with an account of its own, which needs funds.',
  },

  // The local network.
  'port-taken': {
    retry: 'after-user-action',
    exit: EXIT.network,
    next: 'Stop what listens there, or start with --port 0.',
  },
  'localnet-in-use': {
    retry: 'after-user-action',
    exit: EXIT.homeInUse,
    next: 'Use the one that runs, stop it with `floe localnet stop`, or choose another --dir.',
  },
  'localnet-not-running': {
    retry: 'after-user-action',
    exit: EXIT.network,
    next: 'Run `floe localnet start`.',
  },
} as const satisfies Record<string, CodeFacts>;

export type ErrorCode = keyof typeof errorCodes;

/** The shape an error takes on any wire: socket, JSON output, log line, support bundle. */
export interface SerializedError {
  readonly code: ErrorCode;
  readonly message: string;
  /** The next step, for a person. */
  readonly next: string;
  /** Identifiers and sizes that locate the failure. Never secrets, never file contents. */
  readonly context: Readonly<Record<string, string | number>>;
  readonly cause?: SerializedError;
}
