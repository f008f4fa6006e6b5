import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BUILT_IN } from '../../builder/workspace/built-in.ts';
import { ENTER } from '../terminal/open-terminal.ts';

/** Services in the wizard's order: the backups are the first, the website is the last. */
const SERVICES = (await readdir(join(import.meta.dirname, '../../overlays'))).filter((overlay) => !BUILT_IN.includes(overlay)).sort();

/** From the first question on, in the order of the wizard; Enter takes what it proposes. */
export const BEGIN_FR = [
  ['Dossier de l’espace', ENTER],
  ['Nom de votre coopérative', `L'Été : "nous"${ENTER}`],
  ['Nom de domaine', `été${ENTER}`],
  ['il faut un nom de domaine', `racines.example${ENTER}`],
  ['Adresse électronique', `<${ENTER}`],
  ['Nom de domaine de votre coopérative [racines.example]', ENTER],
  ['[aide@racines.example]', ENTER],
  ['Téléphone', ENTER],
  ['Langue de vos clients', ENTER],
  ['Fuseau horaire', `Europe/Pari${ENTER}`],
  ['« Europe/Paris »', ENTER],
  ['Adresse de votre serveur en chiffres', `vpn.racines.example${ENTER}`],
  ['il faut des adresses en chiffres', `198.51.100.7 2001:db8::7${ENTER}`],
  ['198.51.100.7:51820 [2001:db8::7]:51820] :', ENTER],
  ['[https://home.racines.example:8443]', ENTER],
  ['premier profil', ENTER],
  ['Système des cartes', ENTER],
  ['Modèles', `2${ENTER}`],
  [`${SERVICES.length}. Site web`, `99${ENTER}`],
  [`un nombre de 1 à ${SERVICES.length}`, `1, ${SERVICES.length}${ENTER}`],
] as const;
