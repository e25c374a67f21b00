import { join } from 'node:path';
import { expect, test } from 'vitest';
import { discoverSuites } from './discover.js';
import { makeFolder, transcript } from './testing/folder.js';

const discover = async (files: Record<string, string>) => {
  const folder = await makeFolder(files);
  return (await discoverSuites(folder)).map((file) => file.replace(`${folder}/`, ''));
};
const fails = async (files: Record<string, string>) => {
  const folder = await makeFolder(files);
  return transcript(folder, () => discoverSuites(folder));
};

test.each(['plan-guard.yaml', 'plan-guard.yml'])('finds %s in the folder', async (name) => {
  expect(await discover({ [name]: '' })).toEqual([name]);
});

test('finds the suites that package.json names, one or a list, indented with tabs or not', async () => {
  expect(await discover({ 'package.json': '{ "plan-guard": "db/a.yaml" }', 'db/a.yaml': '' })).toEqual(['db/a.yaml']);
  const list = '{\n\t"name": "x",\n\t"plan-guard": [\n\t\t"./a.yaml",\n\t\t"b.yaml"\n\t]\n}\n';
  expect(await discover({ 'package.json': list, 'a.yaml': '', 'b.yaml': '' })).toEqual(['a.yaml', 'b.yaml']);
});

test('a suite in the folder hides none that package.json names, and none counts twice', async () => {
  const files = {
    'plan-guard.yaml': '',
    'a.yaml': '',
    'package.json': '{ "plan-guard": ["plan-guard.yaml", "a.yaml"] }',
  };
  expect(await discover(files)).toEqual(['plan-guard.yaml', 'a.yaml']);
});

test('a package.json that does not speak of plan-guard names none, whatever else it holds twice', async () => {
  const files = { 'plan-guard.yaml': '', 'package.json': '{ "scripts": {}, "scripts": {} }' };
  expect(await discover(files)).toEqual(['plan-guard.yaml']);
});

test('no suite anywhere says how to begin', async () => {
  const expected = [
    'usage : No suite given, and none found in .',
    '    Write a `plan-guard.yaml` here, name suites in package.json under "plan-guard", or pass the path of one.',
  ].join('\n');
  expect(await fails({})).toBe(expected);
  expect(await fails({ 'package.json': '{ "name": "x" }' })).toBe(expected);
});

test('a broken package.json says where, even where there is a suite beside it', async () => {
  expect(await fails({ 'plan-guard.yaml': '', 'package.json': '{\n  "name": "x",\n  "plan-guard": [\n' })).toMatch(
    /^usage package\.json:\d+:\d+: Not valid YAML: /,
  );
  expect(await fails({ 'package.json': '[]' })).toBe(
    'usage package.json:1:1: expected a mapping, found a list\n    Write `key: value`.',
  );
});

test('every wrong entry of package.json is named', async () => {
  expect(await fails({ 'package.json': '{\n  "plan-guard": ["a.yaml", 5, ""]\n}', 'x.yaml': '' })).toBe(
    [
      'usage package.json:2:18: plan-guard[0]: there is no suite `a.yaml`',
      '    Mend the path; it is relative to the package.json.',
      'usage package.json:2:28: plan-guard[1]: expected the path of a suite file, found the number 5',
      "    Write it in quotes: '5'.",
      'usage package.json:2:31: plan-guard[2]: expected the path of a suite file, found empty text',
      '    Write one line that is not empty, without blanks around it.',
    ].join('\n'),
  );
  expect(await fails({ 'package.json': '{ "plan-guard": {} }' })).toBe(
    [
      'usage package.json:1:17: plan-guard: expected the path of a suite file, found a mapping',
      '    Write the path of a suite file.',
    ].join('\n'),
  );
});

test('a folder in place of package.json is an error of the file', async () => {
  const folder = await makeFolder({ 'package.json/x': '' });
  expect(await transcript(folder, () => discoverSuites(join(folder)))).toBe(
    'file package.json: Expected a package.json, found a folder\n    Name the file inside the folder.',
  );
});
