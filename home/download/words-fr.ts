import type { Words } from './words-en.ts';

export const FRENCH: Words = {
  locale: 'fr-FR',
  other: { code: 'en', name: 'English' },

  title: (name) => `${name} : faire votre carte`,
  intro: "Trois étapes, et surtout de l'attente. Il vous faut le Raspberry Pi avec son alimentation, un ordinateur, et :",
  card: (size) => `une carte microSD de ${size} ou plus, vide ou non : tout ce qui s'y trouve sera effacé ;`,
  room: (download, time) => `un téléchargement de ${download} : environ ${time} sur une ligne lente (5 Mbit/s), moins avec la fibre.`,

  fetch: 'Prendre le programme et votre fichier',
  fetchPicture: "Un fichier va d'internet vers un ordinateur",
  fetchImager: 'Installez Raspberry Pi Imager, qui est libre :',
  fetchFile:
    "Puis prenez votre fichier, qui est petit. Il dit au programme où trouver le reste, et le programme vérifie que rien ne s'est abîmé en route.",
  getFile: 'Prendre mon fichier',

  write: 'Écrire la carte',
  writePicture: "Une carte mémoire entre dans l'ordinateur",
  writeOpen: "Mettez la carte dans l'ordinateur, et ouvrez votre fichier par un double clic.",
  writeChoose: (entry) => `Choisissez votre Raspberry Pi, puis « ${entry} », puis votre carte. Laissez le programme écrire et vérifier.`,
  writeFormat: "Si l'ordinateur propose de formater la carte, dites non.",

  plug: 'Brancher',
  plugPicture: "Un petit boîtier avec une carte mémoire, un câble réseau et un câble d'alimentation",
  plugHow: "Mettez la carte dans le Raspberry Pi. Branchez le câble réseau à votre box, puis l'alimentation.",
  plugLight: "La lumière verte bat pendant qu'il se prépare, et reste allumée quand tout va bien. Si elle clignote lentement, il a besoin d'aide.",
  watch: "Voir s'il a appelé",

  others: 'Avec un autre programme',
  othersHow: "balenaEtcher, Disques (GNOME) ou dd prennent l'image telle quelle, sans la décompresser :",
  getImage: (size) => `Prendre l'image (${size})`,
  sum: "SHA-256 de l'image :",

  public: "J'ai écrit l'image qui est la même pour tous",
  publicHow: (label) =>
    `Il manque alors à la carte ce qui en fait la vôtre : un petit fichier. Prenez-le, et copiez-le sur le lecteur « ${label} » que votre ordinateur montre quand la carte y est.`,
  getSeed: 'Prendre mon petit fichier',
  publicImage: "L'image pour tous :",
  sums: 'sa somme de contrôle',

  secret: (date) =>
    `Gardez cette adresse pour vous : qui l'a peut faire votre carte à votre place. Elle s'ouvre jusqu'au ${date}, ou jusqu'à l'appel de votre carte.`,
  help: (operator) => `De l'aide : ${operator}`,

  waiting: "Votre carte n'a pas encore appelé",
  waitingHow: "Cela prend cinq minutes à partir du branchement. Cette page regarde d'elle-même.",
  waitingLong:
    "Après un quart d'heure : le câble réseau est-il bien mis, aux deux bouts ? La lumière verte clignote-t-elle lentement ? Alors appelez-nous.",
  back: 'Revenir aux trois étapes',

  calledTitle: (name) => `${name} : votre carte a appelé`,
  called: (moment) => `Votre carte a appelé : ${moment}.`,
  settingUp: "Elle se prépare, et cette page regarde d'elle-même.",
  ready: 'Elle est prête.',
  needsHelp: "Elle dit qu'elle a besoin d'aide. Appelez-nous ; nous l'avons appris aussi.",
  services: 'Sur le réseau de votre maison, elle offre :',
  ownPage: 'Sa propre page',
  notYou: "Ce n'était pas vous ? Alors dites-le-nous tout de suite.",
  forget: "Le fichier et l'image que vous avez téléchargés n'ouvrent plus rien : effacez-les.",

  preparing: 'Votre carte se prépare',
  preparingHow: "Le téléchargement n'est pas prêt en ce moment. Revenez dans une heure ; si c'est encore pareil, dites-le-nous.",
  nothing: "Cette adresse n'ouvre rien",
  nothingHow:
    "Peut-être s'en est-il perdu un bout quand elle a été copiée. Peut-être est-elle finie : elle ne vaut que quelques jours, et une plus récente la remplace. Demandez-en une nouvelle.",
  busy: 'Trop de demandes viennent de chez vous',
  busyHow: 'Attendez une minute, puis réessayez. Un téléchargement reprend là où il en était.',
  mistake: 'Nous nous sommes trompés',
  mistakeHow: "C'est noté. Réessayez plus tard.",

  entry: (name) => `Carte de ${name}`,
  entryDescription: (operator) => `Faite par ${operator} pour ce foyer seul`,
};
