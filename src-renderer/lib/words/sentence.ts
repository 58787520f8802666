/**
 * @file What a word list holds: sentences with `{placeholders}`, in two forms where a count matters.
 */

/** `{ one, other }` is chosen by the placeholder `count`, by the rules of the language. */
export type Sentence = string | { readonly one: string; readonly other: string };

type PlaceholdersOf<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PlaceholdersOf<Rest>
  : never;

export type Placeholders<Entry> = Entry extends string
  ? PlaceholdersOf<Entry>
  : Entry extends {
        readonly one: infer One extends string;
        readonly other: infer Other extends string;
      }
    ? 'count' | PlaceholdersOf<One> | PlaceholdersOf<Other>
    : never;

/** The values that a sentence needs: none for one without placeholders. */
export type Values<Entry> = [Placeholders<Entry>] extends [never]
  ? []
  : [values: { readonly [Name in Placeholders<Entry>]: string | number }];

/** The same keys in another language. */
export type Translation<List> = {
  readonly [Key in keyof List]: List[Key] extends string ? string : Sentence;
};

export function placeholdersIn(text: string): string[] {
  return [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
}

/** Put the values into a sentence. Numbers are written as the language writes them. */
export function fill(
  sentence: Sentence,
  values: Readonly<Record<string, string | number>>,
  numbers: Intl.NumberFormat,
  plurals: Intl.PluralRules,
): string {
  const text =
    typeof sentence === 'string'
      ? sentence
      : plurals.select(Number(values['count'])) === 'one'
        ? sentence.one
        : sentence.other;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? numbers.format(value) : value;
  });
}
