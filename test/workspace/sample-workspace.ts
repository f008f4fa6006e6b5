import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readWorkspace } from '../../builder/workspace/load.ts';

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A small workspace with nothing wrong in it; a service of its own, so that tests don't hang on the shipped ones. */
export const VALID: Readonly<Record<string, string>> = {
  '.gitignore': '/secrets/\n/out/\n',
  'semeur.yaml': `operator: Les Racines
email: aide@racines.example
language: fr
timezone: Europe/Paris
vpn:
  prefix: fd5e:3e0f:1a2b::/48
  endpoints: ["vpn.racines.example:51820", "192.0.2.10:443"]
home:
  url: https://home.racines.example
`,
  'profiles/maison.yaml': 'profile: maison\nbase: debian-arm64\nboards: [pi3, pi4]\nservices: [blog]\n',
  'clients/durand.yaml': 'client: durand\nname: Famille Durand\nprofile: maison\nsettings:\n  blog:\n    title: Bonjour\n',
  'overlays/blog/overlay.yaml': `overlay: blog
title: { fr: Journal, en: Blog }
summary: { fr: Un journal, en: A blog }
settings:
  title: { title: { fr: Titre, en: Title }, default: "", max: 20 }
templates:
  - { from: page.hbs, to: /etc/blog/page.html }
files:
  - { path: /usr/bin/blog, mode: "0755" }
units:
  enable: [blog.service]
`,
  'overlays/blog/page.hbs': '{{settings.title}}',
  'overlays/blog/files/usr/bin/blog': '#!/bin/sh\n',
};

/** Gives `task` a workspace made of VALID, with `files` in place of its own. */
export async function withWorkspace<T>(files: Files, task: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'semeur-workspace-'));
  try {
    for (const [path, text] of Object.entries({ ...VALID, ...files })) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    return await task(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What is found, each as "file:line:column: level: message". */
export async function findIn(folder: string): Promise<string[]> {
  const { findings } = await readWorkspace(folder);
  return findings.map(({ file, line, column, level, message }) => `${file}:${line}:${column}: ${level}: ${message}`);
}
