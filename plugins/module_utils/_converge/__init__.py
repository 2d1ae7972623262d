"""One run of macvlan_link: kernel and files as declared."""
