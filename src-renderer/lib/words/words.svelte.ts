/**
 * @file The language on screen: every word and every number goes through here.
 *
 * One language for the whole window, as there is one `lang` of the document, so this is the one
 * piece of state that is not passed down. Whatever calls `say` or `format` while it renders, is
 * rendered again when the language changes.
 */
import { de } from './de/index.ts';
import { en } from './en/index.ts';
import { Format } from './format.ts';
import { fill } from './sentence.ts';
import type { Sentence, Values } from './sentence.ts';

export type Language = 'en' | 'de';
export type WordKey = keyof typeof en;

const lists: Readonly<Record<Language, Readonly<Record<WordKey, Sentence>>>> = { en, de };

/** Where the machine says nothing: day before month, 24 hours. */
const plainLocales: Readonly<Record<Language, string>> = { en: 'en-GB', de: 'de-DE' };

/** Languages that are written from right to left, for when one of them arrives. */
const rightToLeft: readonly string[] = ['ar', 'fa', 'he', 'ur'];

class Words {
  #language = $state<Language>('en');
  /** With the region where the machine names one: British and American dates differ. */
  #locale = $state('en-GB');
  readonly #format = $derived(new Format(this.#locale));
  readonly #numbers = $derived(new Intl.NumberFormat(this.#locale));
  readonly #plurals = $derived(new Intl.PluralRules(this.#language));

  get language(): Language {
    return this.#language;
  }

  get format(): Format {
    return this.#format;
  }

  /** Show another language; `system` is the first one of the machine that Floe knows. */
  use(choice: Language | 'system'): void {
    const wanted = choice === 'system' ? navigator.languages : [choice];
    const known = wanted.map((tag) => tag.slice(0, 2)).find((tag) => tag in lists);
    this.#language = (known ?? 'en') as Language;
    this.#locale =
      navigator.languages.find((tag) => tag.startsWith(`${this.#language}-`)) ??
      plainLocales[this.#language];
    document.documentElement.lang = this.#language;
    document.documentElement.dir = rightToLeft.includes(this.#language) ? 'rtl' : 'ltr';
  }

  say<Key extends WordKey>(key: Key, ...values: Values<(typeof en)[Key]>): string {
    return fill(lists[this.#language][key], values[0] ?? {}, this.#numbers, this.#plurals);
  }

  /** The sentence of a key that is put together, such as an error code's; undefined if there is none. */
  find(key: string, values: Readonly<Record<string, string | number>> = {}): string | undefined {
    const sentence = (lists[this.#language] as Readonly<Record<string, Sentence>>)[key];
    return sentence === undefined
      ? undefined
      : fill(sentence, values, this.#numbers, this.#plurals);
  }
}

export const words = new Words();

/** A sentence in the language on screen. */
export function say<Key extends WordKey>(key: Key, ...values: Values<(typeof en)[Key]>): string {
  return words.say(key, ...values);
}
