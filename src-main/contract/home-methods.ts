/**
 * @file For every method of HomeApi, MoveApi and HostApi, the schema that what arrived must fit. As
 * methods.ts does for EngineApi.
 */
import * as v from 'valibot';
import type { AppSettings, HomeApi, HostApi, SecretPlace } from './home-api.ts';
import type { MoveApi } from './move-api.ts';

/** A recovery kit is at most this long. */
const KIT_CHARACTERS_MAX = 65_536;
const NETWORK_CHARACTERS_MAX = 32_768;
const PASSPHRASE_CHARACTERS_MIN = 8;
const PASSPHRASE_CHARACTERS_MAX = 1_024;
const WORD_CHARACTERS_MAX = 64;
const WORDS_MAX = 24;
const PORT_MAX = 65_535;
/** Ten SUI for a single pack are a mistake. */
const TIP_MIST_MAX = 10_000_000_000;

const nothing = v.strictObject({});
const draftId = v.pipe(v.string(), v.minLength(1), v.maxLength(64));
const network = v.pipe(v.string(), v.minLength(1), v.maxLength(NETWORK_CHARACTERS_MAX));
const kit = v.pipe(v.string(), v.maxLength(KIT_CHARACTERS_MAX));
/** What is given to unlock is compared, not judged: only a new passphrase has a least length. */
const passphrase = v.pipe(v.string(), v.minLength(1), v.maxLength(PASSPHRASE_CHARACTERS_MAX));

const secretPlace: v.GenericSchema<unknown, SecretPlace> = v.variant('kind', [
  v.strictObject({ kind: v.literal('keychain') }),
  v.strictObject({
    kind: v.literal('passphrase'),
    passphrase: v.pipe(passphrase, v.minLength(PASSPHRASE_CHARACTERS_MIN)),
  }),
  v.strictObject({ kind: v.literal('try-out') }),
]);

/** The fields of AppSettings: what a file of the home holds, and what a request may change. */
export const settingsFields = {
  language: v.picklist(['system', 'en', 'de']),
  theme: v.picklist(['system', 'light', 'dark']),
  startAtLogin: v.boolean(),
  pauseOnMetered: v.boolean(),
  pauseOnBattery: v.boolean(),
  notifyProblems: v.boolean(),
  upload: v.picklist(['auto', 'direct', 'relay']),
  uploadTipMaxMist: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(TIP_MIST_MAX)),
} satisfies { readonly [Field in keyof AppSettings]: v.GenericSchema<unknown, AppSettings[Field]> };

type Schemas<Api> = {
  readonly [Method in keyof Api]: Api[Method] extends (request: infer Request) => unknown
    ? v.GenericSchema<unknown, Request>
    : never;
};

export const homeMethods: Schemas<HomeApi> = {
  home: nothing,
  networks: nothing,
  startTryOut: nothing,
  makeWords: nothing,
  confirmWords: v.strictObject({
    draftId,
    answers: v.pipe(
      v.array(v.pipe(v.string(), v.maxLength(WORD_CHARACTERS_MAX))),
      v.maxLength(WORDS_MAX),
    ),
  }),
  recoveryKit: v.strictObject({ draftId, network }),
  checkKit: v.strictObject({ draftId: v.exactOptional(draftId), text: kit }),
  findVault: v.strictObject({ words: kit, network }),
  setUp: v.strictObject({ draftId, network, secretPlace, mayStartEmpty: v.boolean() }),
  unlock: v.strictObject({ passphrase: v.exactOptional(passphrase) }),
  secretPlaces: nothing,
  settings: nothing,
  updateSettings: v.strictObject({
    language: v.exactOptional(settingsFields.language),
    theme: v.exactOptional(settingsFields.theme),
    startAtLogin: v.exactOptional(settingsFields.startAtLogin),
    pauseOnMetered: v.exactOptional(settingsFields.pauseOnMetered),
    pauseOnBattery: v.exactOptional(settingsFields.pauseOnBattery),
    notifyProblems: v.exactOptional(settingsFields.notifyProblems),
    upload: v.exactOptional(settingsFields.upload),
    uploadTipMaxMist: v.exactOptional(settingsFields.uploadTipMaxMist),
  }),
  licences: nothing,
};

export const hostMethods: Schemas<HostApi> = {
  admitBrowser: v.strictObject({
    port: v.exactOptional(v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(PORT_MAX))),
  }),
};

/** A method's own schema is the other home's. */
const METHOD_CHARACTERS_MAX = 64;
const NETWORK_NAME_CHARACTERS_MAX = 64;
const folder = v.pipe(v.string(), v.minLength(1), v.maxLength(NETWORK_CHARACTERS_MAX));
const networkName = v.pipe(v.string(), v.minLength(1), v.maxLength(NETWORK_NAME_CHARACTERS_MAX));

export const moveMethods: Schemas<MoveApi> = {
  quoteMove: v.strictObject({ folder, network }),
  openOtherHome: v.strictObject({ network }),
  otherHomes: nothing,
  callOtherHome: v.strictObject({
    networkName,
    method: v.pipe(v.string(), v.maxLength(METHOD_CHARACTERS_MAX)),
    request: v.unknown(),
  }),
  startMove: v.strictObject({ folder, networkName }),
  endMove: v.strictObject({ folder }),
};

export const isMoveMethod = (text: string): text is keyof MoveApi =>
  Object.hasOwn(moveMethods, text);
export const isHomeMethod = (text: string): text is keyof HomeApi =>
  Object.hasOwn(homeMethods, text);
export const isHostMethod = (text: string): text is keyof HostApi =>
  Object.hasOwn(hostMethods, text);

/** Secrets that no page shows, in a browser or a window: the command line gives them. */
export const WITHHELD_FROM_PAGES: readonly string[] = ['exportKey'];
