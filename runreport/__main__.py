"""``python -m runreport``."""

from runreport.commands import main

if __name__ == "__main__":
    main()
