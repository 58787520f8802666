/** @file English: the first run, from the welcome to the first protected folder. */
export const firstRun = {
  'first.label': 'Setting up Floe',
  'first.step': 'Step {position} of {count}',
  'first.back': 'Back',
  'first.next': 'Continue',
  'first.later': 'Not now',

  'first.welcome.title': 'Keep your folders safe',
  'first.welcome.what':
    'Floe keeps an encrypted copy of the folders you choose, spread over many storage nodes. If this computer is lost, stolen or broken, you bring everything back on another one.',
  'first.welcome.new': 'Start new',
  'first.welcome.new-what': 'You get 24 words. They are the only key to your folders.',
  'first.welcome.existing': 'I have my words',
  'first.welcome.existing-what': 'Bring your folders back, or connect this computer to them.',
  'first.welcome.note': 'It takes about five minutes. You see each price before anything is spent.',

  'first.network.title': 'Where should your folders live?',
  'first.network.title-existing': 'Where do your folders live?',
  'first.network.what':
    'This can’t be changed later: another network is another vault. Folders of the try-out can move.',
  'first.network.what-existing': 'Your recovery kit names it. If you are not sure, try Mainnet.',
  'first.network.local': 'A try-out on this computer',
  'first.network.local-what':
    'Everything stays on this computer. It shows how Floe works and costs nothing, but it protects nothing from the loss of the disk.',
  'first.network.testnet': 'Testnet',
  'first.network.testnet-what':
    'A public network for practice, paid with free test coins. What lies there may vanish at any time, so keep no only copy on it.',
  'first.network.mainnet': 'Mainnet',
  'first.network.mainnet-what':
    'The real network, paid with real coins. Floe renews your storage in time, for as long as your wallet has enough.',
  'first.network.ahead': 'Paid for up to {time} ahead',
  'first.network.price': 'About {price} a month for 1 GB',
  'first.network.asking': 'Asking the network',
  'first.network.silent': 'It doesn’t answer now',
  'first.network.starting': 'Starting the network on this computer',

  'first.words.title': 'These 24 words are your key',
  'first.words.what':
    'Write them down on paper, in order, or save the recovery kit. They bring your folders back on any computer. They are shown only now.',
  'first.words.warning':
    'Whoever has these words has your folders. Without them nobody can bring anything back, not even the people who make Floe.',
  'first.words.grid': 'Your 24 words',
  'first.words.save': 'Save the kit',
  'first.words.print': 'Print the kit',
  'first.words.save-page': 'Save a page to print',
  'first.words.saved': 'The recovery kit is saved as {file}.',
  'first.words.have': 'I have them',

  'first.confirm.title': 'Is your copy right?',
  'first.confirm.what':
    'Type three of the words from your copy, so that it is sure to work one day.',
  'first.confirm.what-kit':
    'Type three of the words from your copy, or open the recovery kit that you saved.',
  'first.confirm.word': 'Word {number}',
  'first.confirm.wrong': 'Your copy says something else for word {number}.',
  'first.confirm.check': 'Check',
  'first.confirm.open': 'Open the saved kit',
  'first.confirm.kit-wrong':
    'This file holds other words. Open the kit that you saved a moment ago.',
  'first.confirm.expired':
    'The words are gone after a long wait. Floe has made new ones: write these down.',
  'first.confirm.skip': 'Skip this on the try-out',

  'first.enter.title': 'Type your 24 words',
  'first.enter.what':
    'In the order of your copy. You can paste all of them at once, or open your recovery kit.',
  'first.enter.field': 'Word {number}',
  'first.enter.open': 'Open a recovery kit',
  'first.enter.unknown': 'Word {number}, “{word}”, is not one of the words that Floe uses.',
  'first.enter.meant': 'Did you mean {word}?',
  'first.enter.missing': { one: '{count} word is missing.', other: '{count} words are missing.' },
  'first.enter.mixed':
    'All 24 are known words, but together they don’t fit. One of them is another word than on your copy, or two have changed places.',
  'first.enter.bad-kit': 'This file is not a recovery kit, or it was changed.',
  'first.enter.look': 'Look',
  'first.enter.looking': 'Looking for your folders on {network}',
  'first.enter.nothing': 'These words open nothing on {network}',
  'first.enter.nothing-what':
    'They are well formed, so perhaps your folders live on another network. Or start a new vault with them here.',
  'first.enter.other-network': 'Choose another network',
  'first.enter.start': 'Start a new vault with these words',

  'first.found.title': 'Your folders are here',
  'first.found.sum': { one: '{size} in {count} folder', other: '{size} in {count} folders' },
  'first.found.devices': {
    one: 'Kept by {count} device so far',
    other: 'Kept by {count} devices so far',
  },
  'first.found.folder': 'Folder',
  'first.found.size': 'Size',
  'first.found.newest': 'Last change',
  'first.found.until': 'Protected until',
  'first.found.never': 'not known',
  'first.found.empty': 'This vault has no folder yet.',
  'first.found.restore': 'Restore now',
  'first.found.connect': 'Just connect',
  'first.found.connect-what':
    'Connecting costs nothing and changes nothing. You can restore at any time.',

  'first.place.title': 'Who may open Floe on this computer?',
  'first.place.what':
    'Floe keeps the words on this computer, so that it can work by itself. You choose how they are locked.',
  'first.place.keychain': 'Whoever can sign in as me',
  'first.place.keychain-what':
    'The words lie in the keychain of this computer. You don’t have to type anything.',
  'first.place.passphrase': 'Whoever knows a passphrase',
  'first.place.passphrase-what':
    'The words are sealed with it. Floe asks for it each time it starts, and protects nothing until then.',
  'first.place.problem': 'It can’t be used now: there is none, or it is locked.',
  'first.place.unlock': 'Unlock the keychain of your computer, then try again.',
  'first.place.field': 'Passphrase',
  'first.place.again': 'The same again',
  'first.place.short': 'Use at least {count} characters. Four or five words are good.',
  'first.place.differ': 'The two are not the same.',
  'first.place.forgot': 'If you forget it, your 24 words still open everything.',
  'first.place.done': 'Finish',
  'first.place.working': 'Setting up',

  'first.folder.title': 'Which folder first?',
  'first.folder.what':
    'You can add more later. Floe shows what it would keep, and what that costs.',
  'first.folder.choose': 'Choose a folder',
  'first.folder.other': 'Choose another',
  'first.folder.looking': 'Looking at what is in it',
  'first.folder.sum': '{size} in {files}',
  'first.folder.at-least': 'At least {size} in {files}. It is still being counted.',
  'first.folder.nothing': 'There is nothing in this folder yet. Floe keeps whatever comes.',
  'first.folder.ignored': 'Left out: {size} in {files}',
  'first.folder.ignored-none': 'Nothing is left out.',
  'first.folder.rule': 'by the rule {rule}',
  'first.folder.such-as': 'such as {examples}',
  'first.folder.unread': {
    one: '{count} file can’t be read and would be missing',
    other: '{count} files can’t be read and would be missing',
  },
  'first.folder.largest': 'The largest files',
  'first.folder.name': 'Name',
  'first.folder.how-long': 'For how long?',
  'first.folder.keep': 'Until I say stop',
  'first.folder.keep-what': 'Floe renews it by itself while your wallet has enough.',
  'first.folder.until': 'Until a date',
  'first.folder.until-what': 'Floe lets it lapse then, and tells you before.',
  'first.folder.date': 'Protected until',
  'first.folder.bad-date': 'Choose a date after today.',
  'first.folder.permanent': 'An archive that nobody can remove',
  'first.folder.permanent-what':
    'Not even somebody who steals your words, until its time is over. What you change in it later stays paid for, too.',
  'first.folder.price': 'What it costs',
  'first.folder.now': 'Now',
  'first.folder.per-month': 'Each month after that',
  'first.folder.until-date': 'Up to {date}',
  'first.folder.pays-until': 'The first payment lasts until {date}.',
  'first.folder.gas': 'and {amount} for the transactions',
  'first.folder.pricing': 'Asking for the price',
  'first.folder.encoded':
    'The network stores {size} for it, so that a third of the storage nodes may fail.',
  'first.folder.protect': 'Protect for {price}',
  'first.folder.protect-free': 'Protect',

  'first.fund.title': 'Add coins, then it begins',
  'first.fund.what': 'Your wallet needs this much for {folder}:',
  'first.fund.enough': 'Your wallet has enough',
  'first.fund.missing': 'Missing: {amounts}',
  'first.fund.has': 'It holds {wal} and {sui} now.',
  'first.fund.address': 'Send it to this address',
  'first.fund.qr': 'The address as a QR code',
  'first.fund.copy': 'Copy the address',
  'first.fund.waiting': 'Waiting for the coins to arrive',
  'first.fund.waiting-what':
    'Floe looks by itself and goes on when they are there. You can close this window meanwhile.',
  'first.fund.test-coins': 'Get test coins',
  'first.fund.test-coins-what': 'They are free here and have no value.',
  'first.fund.asking': 'Asking for test coins',
  'first.fund.mainnet':
    'Floe sells no coins. Buy SUI and WAL where you trust, then send both over the Sui network to the address above.',
  'first.fund.start': 'Begin',

  'first.protect.title': 'Protecting {folder}',
  'first.protect.done': '{folder} is protected',
  'first.protect.until': 'Until {date}',
  'first.protect.what': 'You can close this window. Floe goes on by itself.',
  'first.protect.open': 'Open Floe',
  'first.protect.steps': 'What has happened so far',
  'first.protect.scan': 'Files looked at',
  'first.protect.sealed': 'Encrypted',
  'first.protect.stored': 'Handed to the storage nodes',
  'first.protect.certified': 'Confirmed by the network',
  'first.protect.published': 'Noted so that your words find it',
} as const;
