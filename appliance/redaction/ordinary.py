"""Words that are names of people as well, and words that no name begins with or goes on with."""

from __future__ import annotations

from appliance.understanding.name_words import NO_NAMES, PARTICLES
from appliance.understanding.words import MONTHS, WEEKDAYS, word_set

ORDINARY = (
    word_set(
        "will may mark grace rose hope faith joy bill rob sue art dawn summer autumn april june august frank",
        "grant chase",
        "drew dean earl king young long short black white brown green gray grey baker cook price day hill wood woods",
        "stone rivers fields banks bush church park parks page post reed rich sharp small snow street strong",
        "swift waters",
        "wells winter bell bond carter case cash cross field fisher fox gold good hall hand head house",
        "hunter iron jack",
        "just knight lane law lake light little love major marsh mason miles mills moon moss noble north",
        "pearl penny pool",
        "poor porter pope power rain ray read rice ring rock rush sage sand save shore singer smart south star steel",
        "taylor temple walker wall ward water way west wise wolf world pat ruby amber ivy daisy lily olive holly jade",
        "mercy patience victor sandy dusty misty stormy sunny candy ginger basil max guy nick don van ben mike bob",
        "rosa clara luz dias pinto costa campos ramos rocha santos leite machado carneiro coelho cruz flores franco",
        "guerra leao lobo paz prado reis sales vale neves lima silva nova vitoria gloria sol luna mar reyes",
        "rico blanco",
        "moreno rubio leon calle casas iglesias campo bueno angel jesus domingo julio junio mayo enero abril serra",
        "klein lang jung alt gross groß weiß weiss schwarz braun koch bauer richter schneider weber wolf konig kaiser",
        "stark sommer winter vogel berg stein ernst engel fuchs herzog hahn roth schmied wagner zimmermann kraft",
        "the and for you not one two patient customer name unknown none null test user guest admin staff doctor nurse",
        "anonymous n/a main street clinic bank hospital company",
    )
    | frozenset(MONTHS)
    | frozenset(WEEKDAYS)
)
"""Parts of a name that are not looked for by themselves: "will" and "may" would be taken out of",
"every other sentence."""

_FOREIGN = word_set(
    "e o os as um uma de que eu ele ela voce meu minha seu sua para por com sem nao sim aqui agora hoje amanha ontem",
    "gostaria queria quero preciso estou tenho moro ligando sobre bom boa dia tarde noite obrigado obrigada favor",
    "und oder ich sie er es wir der die das ein eine einen mein meine ihr ihre mit fur von bei auf aus nicht ja nein",
    "bitte danke guten morgen heute hier jetzt mochte habe bin ist aber wegen aus geboren wohne rufe an am im",
    "y el los las una yo tu usted mi su con sin para por no si hoy manana buenos buenas dias tardes noches gracias",
    "quiero quisiera necesito tengo estoy llamo soy vivo nacido nacida nascido nascida geboren born",
    "hallo ola hola alo oi tag moin servus guten gruss gruezi bonjour salut tschuss",
    "cpf cnpj cartao telefone telefon celular nummer numero correo correio",
)
_ENGLISH = word_set(
    "card order account invoice reference reception desk accounting billing pharmacy lab laboratory department human",
    "resources security delivery driver maintenance shift line supervisor manager nurse reception technician engineer",
    "operator my your all everything about because since while during that which still also regarding re",
    "already misspelled misspelt missing listed still unknown private common pronounced",
    "covid pcr mri ct ok usb pdf iso din",
)
NOT_NAMED = (NO_NAMES | _FOREIGN | _ENGLISH) - PARTICLES
"""Words at which a name ends, or that show that there is none."""
